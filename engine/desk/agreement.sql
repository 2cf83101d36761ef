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
