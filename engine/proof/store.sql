-- name: create
-- The tree's hashes as C2SP tiles, the last and partial one of each level in its row; and every checkpoint ever signed, as it was signed.
CREATE SCHEMA IF NOT EXISTS proof;
CREATE TABLE IF NOT EXISTS proof.tile (
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    number bigint NOT NULL CHECK (number >= 0),
    hashes bytea NOT NULL CHECK (octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0),
    PRIMARY KEY (level, number)
);
ALTER TABLE proof.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE IF NOT EXISTS proof.checkpoint (
    origin text NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note bytea NOT NULL,
    signed_at bigint NOT NULL,
    PRIMARY KEY (origin, size)
);
CREATE TABLE IF NOT EXISTS proof.stamp (
    origin text NOT NULL,
    size bigint NOT NULL,
    response bytea NOT NULL,
    roots bytea NOT NULL,
    stamped_at bigint NOT NULL,
    holds_until bigint NOT NULL,
    PRIMARY KEY (origin, size, stamped_at, holds_until)
);
CREATE TABLE IF NOT EXISTS proof.cosignature (
    origin text NOT NULL,
    size bigint NOT NULL,
    vkey text NOT NULL,
    line text NOT NULL,
    cosigned_at bigint NOT NULL,
    PRIMARY KEY (origin, size, vkey)
)

-- name: forbid
-- What was signed was signed: the second wall behind the missing privilege (G22), as the ledger has it.
CREATE OR REPLACE FUNCTION proof.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'what was signed, cosigned or stamped is never changed or removed'; END $$

-- name: guard
-- Fires for every role, the owner included, until the trigger itself is dropped.
CREATE OR REPLACE TRIGGER checkpoints_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON proof.checkpoint
FOR EACH STATEMENT EXECUTE FUNCTION proof.refuse_change()

-- name: guard_stamps
-- The same for what others have stamped.
CREATE OR REPLACE TRIGGER stamps_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON proof.stamp
FOR EACH STATEMENT EXECUTE FUNCTION proof.refuse_change()

-- name: guard_cosignatures
-- The same for what witnesses have signed.
CREATE OR REPLACE TRIGGER cosignatures_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON proof.cosignature
FOR EACH STATEMENT EXECUTE FUNCTION proof.refuse_change()

-- name: grow_lock
-- One process at a time makes the tree grow; another leaves it to it.
SELECT pg_try_advisory_xact_lock(hashtextextended('proof.tile', 0))

-- name: rebuild_lock
-- Whoever makes the tree anew waits for whoever makes it grow.
SELECT pg_advisory_xact_lock(hashtextextended('proof.tile', 0))

-- name: sign_lock
-- One signature after the other: between reading what was signed last and writing what is signed next nobody comes (F07).
SELECT pg_advisory_xact_lock(hashtextextended('proof.checkpoint', 0))

-- name: size
-- How many leaves the tree has; of the last tile only its length is read.
SELECT number * 256 + octet_length(hashes) / 32 FROM proof.tile WHERE level = 0 ORDER BY number DESC LIMIT 1

-- name: tiles
-- The tiles a proof is made of, in one query.
SELECT t.level, t.number, t.hashes FROM unnest(%(levels)s::integer[], %(numbers)s::bigint[]) AS w (level, number)
JOIN proof.tile t ON t.level = w.level AND t.number = w.number

-- name: write_tiles
-- What has grown; a partial tile is written again with more hashes.
INSERT INTO proof.tile (level, number, hashes) SELECT * FROM unnest(%(levels)s::integer[], %(numbers)s::bigint[], %(hashes)s::bytea[])
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes

-- name: forget_tiles
-- Only to make them anew from the ledger: they are derived from it, checkpoints are not.
DELETE FROM proof.tile

-- name: entries
-- The exact stored bytes, in order, from a position on.
SELECT notification_id, state FROM ledger.events WHERE notification_id >= %(first)s AND notification_id <= %(last)s ORDER BY notification_id

-- name: checkpoints
-- Every one ever signed, in the order in which it was.
SELECT origin, size, root, note, signed_at FROM proof.checkpoint ORDER BY signed_at, size

-- name: last
-- The last of an origin.
SELECT origin, size, root, note, signed_at FROM proof.checkpoint WHERE origin = %(origin)s ORDER BY size DESC LIMIT 1

-- name: recent
-- The last of an origin, each with how many witnesses have cosigned it and when it was first stamped.
SELECT c.size, c.signed_at, (SELECT count(*) FROM proof.cosignature w WHERE w.origin = c.origin AND w.size = c.size),
    (SELECT min(s.stamped_at) FROM proof.stamp s WHERE s.origin = c.origin AND s.size = c.size)
FROM proof.checkpoint c WHERE c.origin = %(origin)s ORDER BY c.size DESC LIMIT %(limit)s

-- name: add
-- The other half of compare and set: whoever is second at a size finds it taken.
INSERT INTO proof.checkpoint (origin, size, root, note, signed_at)
VALUES (%(origin)s, %(size)s, %(root)s, %(note)s, %(signed_at)s) ON CONFLICT (origin, size) DO NOTHING

-- name: add_stamp
-- A checkpoint may be stamped again, before the certificates of its last stamp expire.
INSERT INTO proof.stamp (origin, size, response, roots, stamped_at, holds_until)
VALUES (%(origin)s, %(size)s, %(response)s, %(roots)s, %(stamped_at)s, %(holds_until)s) ON CONFLICT DO NOTHING

-- name: stamps_of
-- Those over one checkpoint, the earliest first.
SELECT origin, size, response, roots, stamped_at, holds_until FROM proof.stamp WHERE origin = %(origin)s AND size = %(size)s ORDER BY stamped_at

-- name: last_stamp
-- There are a few a day at most, so none of them needs an index.
SELECT origin, size, response, roots, stamped_at, holds_until FROM proof.stamp ORDER BY stamped_at DESC LIMIT 1

-- name: stamped
-- When each checkpoint was stamped first: no entry it covers was recorded later. There are a few a day at most.
SELECT origin, size, min(stamped_at) FROM proof.stamp GROUP BY origin, size

-- name: ending
-- What was stamped, and will soon be stamped by nobody whose certificate counts.
SELECT c.origin, c.size, c.root, c.note, c.signed_at FROM proof.checkpoint c
JOIN (SELECT origin, size, max(holds_until) AS until FROM proof.stamp GROUP BY origin, size) s USING (origin, size)
WHERE s.until < %(before)s ORDER BY s.until, c.signed_at LIMIT %(limit)s

-- name: add_cosignature
-- A witness may sign again with another time: the first counts.
INSERT INTO proof.cosignature (origin, size, vkey, line, cosigned_at)
VALUES (%(origin)s, %(size)s, %(vkey)s, %(line)s, %(cosigned_at)s) ON CONFLICT DO NOTHING

-- name: cosignatures_of
-- The lines below one checkpoint, in one order for all.
SELECT vkey, line FROM proof.cosignature WHERE origin = %(origin)s AND size = %(size)s ORDER BY vkey

-- name: last_cosigned
-- Where a witness that has lost no state goes on from.
SELECT max(size) FROM proof.cosignature WHERE origin = %(origin)s AND vkey = %(vkey)s
