-- name: beat
-- A process says that it lives. Written whole each time, so that a desk that was lost knows it again at the next beat.
-- `clock`: by how many milliseconds its machine's clock is ahead of the database's. `heard_since`: since when no two beats were further apart than `gap`.
-- A process that died is no news any more once another on its host does what it did. A trouble stays since when it began; what is not complained of any more goes.
-- Told of which program on what stands in the database can be read.
WITH succeeded AS (
    DELETE FROM desk.process WHERE host = %(host)s AND id <> %(id)s AND parts <@ %(parts)s AND seen < clock_timestamp() - %(expires)s * interval '1 second'
), begun AS (
    INSERT INTO desk.trouble (process, what, why, since) SELECT %(id)s, w.what, w.why, clock_timestamp()
    FROM unnest(%(whats)s::text[], %(whys)s::text[]) AS w (what, why) ON CONFLICT (process, what) DO UPDATE SET why = excluded.why
), over AS (
    DELETE FROM desk.trouble WHERE process = %(id)s AND what <> ALL(%(whats)s)
)
INSERT INTO desk.process (id, host, pid, parts, since, seen, clock, version)
VALUES (%(id)s, %(host)s, %(pid)s, %(parts)s, clock_timestamp(), clock_timestamp(), %(clock)s, %(version)s)
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, clock = excluded.clock,
    heard_since = CASE WHEN process.seen < excluded.seen - %(gap)s * interval '1 second' THEN excluded.seen ELSE process.heard_since END
RETURNING (SELECT minimum FROM desk.release)

-- name: leave
-- One that ends as it should says so.
DELETE FROM desk.process WHERE id = %(id)s

-- name: all
-- Everything that runs, and what has not been heard of for a while. Seconds of wall time.
SELECT parts, host, pid, extract(epoch FROM clock_timestamp() - since)::float8, extract(epoch FROM clock_timestamp() - seen)::float8, version
FROM desk.process ORDER BY host, since

-- name: forget
-- After a day nobody waits for it any more.
DELETE FROM desk.process WHERE seen < clock_timestamp() - interval '1 day'

-- name: trouble
-- `process` is whose trouble it is, '' for what outlasts a process. It stays since when it began.
INSERT INTO desk.trouble (process, what, why, since) SELECT %(id)s, w.what, w.why, clock_timestamp()
FROM unnest(%(whats)s::text[], %(whys)s::text[]) AS w (what, why) ON CONFLICT (process, what) DO UPDATE SET why = excluded.why

-- name: over
-- What a process no longer complains of.
DELETE FROM desk.trouble WHERE process = %(id)s AND what <> ALL(%(whats)s)

-- name: relieve
-- One of the troubles that outlast a process.
DELETE FROM desk.trouble WHERE process = '' AND what = %(what)s

-- name: forget_troubles
-- Of processes that are gone.
DELETE FROM desk.trouble t WHERE process <> '' AND NOT EXISTS (SELECT FROM desk.process p WHERE p.id = t.process)

-- name: troubles
-- Of what lives, and what outlasts it; that something stands still is said though it does not beat. Which view stops is a matter of the program that follows: one of another release has views of its own.
SELECT t.what, t.why, extract(epoch FROM clock_timestamp() - t.since)::float8 FROM desk.trouble t LEFT JOIN desk.process p ON p.id = t.process
WHERE t.process = '' OR p.id IS NOT NULL AND t.what LIKE 'stands:%%' OR p.seen >= clock_timestamp() - %(expires)s * interval '1 second' AND (t.what NOT LIKE 'view:%%' OR p.version = %(version)s)
ORDER BY t.since

-- name: secrets
-- From which nobody gets a secret back: a keyed digest of its name.
SELECT name, fingerprint FROM desk.secret

-- name: know_secrets
-- Of two processes that come first together one is heard, and the other held against it.
INSERT INTO desk.secret (name, fingerprint) SELECT * FROM unnest(%(names)s::text[], %(fingerprints)s::text[]) ON CONFLICT DO NOTHING

-- name: now
-- The database's wall clock, in milliseconds since 1970.
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint

-- name: clocks
-- What the other machines that live have found when they last said so.
SELECT DISTINCT ON (host) host, clock FROM desk.process WHERE host <> %(host)s AND seen >= clock_timestamp() - %(expires)s * interval '1 second'
ORDER BY host, seen DESC

-- name: accept_secret
-- The operator says that it was replaced on purpose.
INSERT INTO desk.secret (name, fingerprint) VALUES (%(name)s, %(fingerprint)s) ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint
