-- name: size
-- Ledger, vault, views and desk together.
SELECT pg_database_size(current_database())
