-- name: tables
-- A database may be empty, or of a release from before there was a table of releases.
SELECT to_regclass('ledger.events') IS NOT NULL, to_regclass('desk.release') IS NOT NULL

-- name: release
-- What the last migration left.
SELECT version, fingerprint, minimum FROM desk.release

-- name: any_entry
-- A making that was broken off leaves tables with nothing in them: it is made anew.
SELECT FROM ledger.events LIMIT 1

-- name: heard_of
-- Processes of the first release say nothing of their version, and their table may have no place for it.
SELECT p.parts, p.host, p.pid, coalesce(to_jsonb(p) ->> 'version', '0.1.0') FROM desk.process p
WHERE p.seen >= statement_timestamp() - %(seconds)s * interval '1 second' ORDER BY p.host, p.since

-- name: admit
-- Once nobody older is heard of, and for good: one that starts meanwhile is refused at its first beat.
UPDATE desk.release SET minimum = %(version)s
WHERE string_to_array(minimum, '.')::int[] < string_to_array(%(version)s, '.')::int[] AND NOT EXISTS (
    SELECT FROM desk.process p WHERE p.seen >= statement_timestamp() - %(seconds)s * interval '1 second'
        AND string_to_array(p.version, '.')::int[] < string_to_array(%(version)s, '.')::int[])

-- name: minimum
-- Of whom what stands here can be read.
SELECT minimum FROM desk.release

-- name: expanded
-- What a program of this release needs is there. Who was refused stays so.
INSERT INTO desk.release (version, fingerprint, minimum) VALUES (%(version)s, %(fingerprint)s, %(minimum)s)
ON CONFLICT (one) DO UPDATE SET version = excluded.version, fingerprint = excluded.fingerprint

-- name: finished
-- What older programs need is gone.
UPDATE desk.release SET minimum = %(minimum)s WHERE string_to_array(minimum, '.')::int[] < string_to_array(%(minimum)s, '.')::int[]

-- name: forbid_first
-- The first release knows nothing of a minimum. It looks at the vault's migrations where the mark of the ledger's schema is not its own, and refuses what it does not know.
INSERT INTO vault.migration (name) VALUES ('needs-' || %(minimum)s) ON CONFLICT DO NOTHING
