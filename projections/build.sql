-- name: lock
-- Two rebuilds, or two comparisons, use the same schemas: one after the other.
SELECT pg_advisory_xact_lock(1380273986)

-- name: copy
-- Binary COPY is what PostgreSQL takes fastest.
COPY {schema}.{table} FROM STDIN (FORMAT BINARY)

-- name: replace
-- In one step: whoever reads the view meanwhile waits a moment, and nobody finds it gone.
ALTER SCHEMA {built} RENAME TO {live}
