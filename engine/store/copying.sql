-- name: export
-- All parts of a copy are of one moment, whatever is written meanwhile.
SELECT pg_export_snapshot()

-- name: head
-- How far the copy reaches, and the bytes of its last entry, to be known again by.
SELECT notification_id, state FROM ledger.events ORDER BY notification_id DESC LIMIT 1

-- name: migrations
-- What the vault in the copy has had: a program that does not know all of it must not touch it.
SELECT name FROM vault.migration ORDER BY name

-- name: at_work
-- Connections of the running program; whoever was killed has none any more.
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = %(role)s

-- name: stores
-- What a copy takes the place of, as a whole.
SELECT nspname FROM pg_namespace WHERE nspname IN ('ledger', 'vault', 'desk', 'proof')

-- name: views
-- What was derived from the ledger that is gone; the next start makes it anew. It belongs to the program's role, which alone may drop it.
SELECT nspname FROM pg_namespace WHERE nspname ~ '^(view|building|replay)_[a-z]+_[0-9]+$'

-- name: begin
-- What is put back appears whole, or what was there stays.
BEGIN

-- name: keep_signed
-- What was ever signed was signed, whatever copy is put back: others may hold it.
CREATE TEMPORARY TABLE signed ON COMMIT DROP AS SELECT * FROM proof.checkpoint

-- name: keep_stamped
-- Nor can a stamp be had again for an hour that has gone by.
CREATE TEMPORARY TABLE stamped ON COMMIT DROP AS SELECT * FROM proof.stamp

-- name: signed_still
-- Beside the checkpoints of the copy.
INSERT INTO proof.checkpoint SELECT * FROM signed ON CONFLICT DO NOTHING

-- name: stamped_still
-- Beside the stamps of the copy.
INSERT INTO proof.stamp SELECT * FROM stamped ON CONFLICT DO NOTHING

-- name: drop
-- Dropping a table is no change of an event; a ledger goes only where another takes its place, in the same transaction.
DROP SCHEMA IF EXISTS {schema} CASCADE

-- name: desk
-- Of the desk only two tables come back, the clock and the keys; the next start makes the others.
CREATE SCHEMA desk

-- name: unmark
-- So that the next start grants to the program what a copy does not hold.
COMMENT ON SCHEMA ledger IS NULL

-- name: commit
-- See begin.
COMMIT
