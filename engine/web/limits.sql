-- name: hold
-- Two posts for one key, on whichever hosts, count one after the other: otherwise ten at once would all see room for one.
SELECT pg_advisory_xact_lock(hashtextextended(%(key)s, 7))

-- name: counted
-- Wall clock: a demonstration run at a thousand times the speed must not lift a limit.
SELECT count(*) FROM desk.attempt WHERE key = %(key)s AND at > clock_timestamp() - %(seconds)s * interval '1 second'

-- name: note
-- Only what was let through is noted, so that a flood neither fills the table nor keeps a person out for ever.
INSERT INTO desk.attempt (key, at) VALUES (%(key)s, clock_timestamp())
