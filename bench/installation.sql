-- name: schema
-- Room for what the limits write, beside the program's own tables.
CREATE SCHEMA IF NOT EXISTS bench
