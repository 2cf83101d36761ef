-- name: schema
-- Room for what the limits write, beside the program's own tables.
CREATE SCHEMA IF NOT EXISTS bench

-- name: owners
-- Whose program made the views of this database.
SELECT DISTINCT nspowner::regrole::text FROM pg_namespace WHERE nspname LIKE 'view\_%' AND nspowner::regrole::text LIKE '%\_program'

-- name: hand_over
-- The copy's own program goes on with them.
REASSIGN OWNED BY {} TO {}
