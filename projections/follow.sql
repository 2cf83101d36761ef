-- name: lock_creation
-- Two processes that start together must not both create a view.
SELECT pg_advisory_xact_lock(1380273985)

-- name: schemas
-- A view's schema is made once: which of these are there.
SELECT nspname FROM pg_namespace WHERE nspname = ANY (%(names)s)

-- name: create_position
-- Each view has its own position, in its own schema, so that one bad view stops alone.
CREATE TABLE {schema}."position" (one boolean PRIMARY KEY DEFAULT true CHECK (one), position bigint NOT NULL);
INSERT INTO {schema}."position" (position) VALUES (0)

-- name: take_position
-- Whoever holds the row feeds the view; a second follower skips it instead of waiting.
SELECT position FROM {schema}."position" FOR UPDATE SKIP LOCKED

-- name: set_position
-- In the transaction of the rows.
UPDATE {schema}."position" SET position = %(position)s

-- name: position
-- How far a view has come, for status and for those who wait for their own writing.
SELECT position FROM {schema}."position"

-- name: create_schema
-- Each version of a view in its own, so that a new one is built beside the old.
CREATE SCHEMA {schema}

-- name: drop_schema
-- A view is disposable.
DROP SCHEMA IF EXISTS {schema} CASCADE

-- name: versions
-- Every version of a view that there is, of former programs and of newer ones.
SELECT nspname FROM pg_namespace WHERE nspname ~ ('^' || %(view)s || '_[0-9]+$')
