-- name: snapshot
-- All parts of a copy are of one moment, whatever is written meanwhile; the snapshot is taken by the next statement.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- name: head
-- How far the copy reaches, and the bytes of its last entry, to be known again by.
SELECT notification_id, state FROM ledger.events ORDER BY notification_id DESC LIMIT 1

-- name: migrations
-- What the vault in the copy has had: a program that does not know all of it must not touch it.
SELECT name FROM vault.migration WHERE name NOT LIKE 'needs-%' ORDER BY name

-- name: tables
-- Tables with data of their own, and their columns in order. Which migrations the vault has had is said by the manifest.
SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND n.nspname IN ('ledger', 'proof', 'vault', 'desk') AND (n.nspname, c.relname) <> ('vault', 'migration')
GROUP BY n.nspname, c.relname ORDER BY n.nspname, c.relname

-- name: copy_out
-- As text, which any version of PostgreSQL reads and writes alike.
COPY {table} ({columns}) TO STDOUT

-- name: heading
-- What stands above the rows of a table in a copy; psql would understand it, and we but recognise it.
COPY {table} ({columns}) FROM stdin;

-- name: copy_in
-- Data and nothing else: no word of a copy is ever carried out.
COPY {table} ({columns}) FROM STDIN

-- name: at_work
-- Connections of the running program; whoever was killed has none any more.
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = %(role)s

-- name: stores
-- What a copy takes the place of, as a whole.
SELECT nspname FROM pg_namespace WHERE nspname IN ('ledger', 'vault', 'desk', 'proof')

-- name: views
-- What was derived from the ledger that is gone; the next start makes it anew. It belongs to the program's role, which alone may drop it.
SELECT nspname FROM pg_namespace WHERE nspname ~ '^(view|building|replay)_[a-z]+_[0-9]+$'

-- name: keep_signed
-- What was ever signed was signed, whatever copy is put back: others may hold it.
CREATE TEMPORARY TABLE signed ON COMMIT DROP AS SELECT * FROM proof.checkpoint

-- name: keep_stamped
-- Nor can a stamp be had again for an hour that has gone by.
CREATE TEMPORARY TABLE stamped ON COMMIT DROP AS SELECT * FROM proof.stamp

-- name: keep_cosigned
-- Nor does a witness sign an earlier tree again.
CREATE TEMPORARY TABLE cosigned ON COMMIT DROP AS SELECT * FROM proof.cosignature

-- name: signed_still
-- Beside the checkpoints of the copy.
INSERT INTO proof.checkpoint SELECT * FROM signed ON CONFLICT DO NOTHING

-- name: stamped_still
-- Beside the stamps of the copy.
INSERT INTO proof.stamp SELECT * FROM stamped ON CONFLICT DO NOTHING

-- name: cosigned_still
-- Beside the cosignatures of the copy.
INSERT INTO proof.cosignature SELECT * FROM cosigned ON CONFLICT DO NOTHING

-- name: keep_operations
-- Which copies were made and tried is known still, whatever copy is put back: it stands in none.
CREATE TEMPORARY TABLE operated ON COMMIT DROP AS SELECT * FROM desk.operation

-- name: operations_still
-- In the order they had, numbered anew, so that those to come have later numbers.
INSERT INTO desk.operation OVERRIDING USER VALUE SELECT * FROM operated ORDER BY id

-- name: one_trial
-- The database of a trial is named by that of the installation: what one that was killed has left, everybody's data, is dropped by the next. A second waits.
SELECT oid::text, pg_advisory_lock(hashtextextended('relance.trial', 0)) FROM pg_database WHERE datname = current_database()

-- name: make_scratch
-- As the database of an installation is made.
CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0

-- name: drop_scratch
-- Whoever is still connected to it is of the trial.
DROP DATABASE IF EXISTS {name} WITH (FORCE)

-- name: drop
-- Dropping a table is no change of an event; a ledger goes only where another takes its place, in the same transaction.
DROP SCHEMA IF EXISTS {schema} CASCADE

-- name: may_anything
-- Whether the owner may reach beyond the database: then the data is written by the program's role, which may not.
SELECT rolsuper FROM pg_roles WHERE rolname = current_user

-- name: as_program
-- To the end of the transaction, or until `as_owner`.
SET LOCAL ROLE {role}

-- name: as_owner
-- See as_program.
RESET ROLE
