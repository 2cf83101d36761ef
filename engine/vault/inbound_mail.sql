-- name: state_of
-- What became of this very mail when it came before.
SELECT state FROM vault.inbound_mail WHERE digest = %(digest)s

-- name: keep
-- The same mail twice is a conflict of two doors, found by the digest.
INSERT INTO vault.inbound_mail (digest, at, state, door, subscriber, why, octets)
VALUES (%(digest)s, %(at)s, %(state)s, %(door)s, %(subscriber)s, %(why)s, %(octets)s) ON CONFLICT (digest) DO NOTHING

-- name: held
-- How many are kept that were not understood, and how much room they take.
SELECT count(*), coalesce(sum(octet_length(octets)), 0)::bigint, coalesce(min(at), 0) FROM vault.inbound_mail WHERE state = 'unknown'

-- name: take_waiting
-- The oldest mail that is to be handed on and that nobody has taken lately; instants of the wall clock, as whoever asks has it.
UPDATE vault.inbound_mail SET taken_until = %(until)s WHERE digest =
    (SELECT digest FROM vault.inbound_mail WHERE state = 'waiting' AND taken_until < %(now)s ORDER BY at, digest LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING digest, at, octets

-- name: waiting_since
-- How many wait to be handed on, and since when the oldest.
SELECT count(*), coalesce(min(at), 0) FROM vault.inbound_mail WHERE state = 'waiting'

-- name: handed_on
-- Its words are with the operator; that it has come is remembered.
UPDATE vault.inbound_mail SET state = 'handled', octets = NULL, subscriber = NULL WHERE digest = %(digest)s

-- name: unknown
-- What was not understood, the newest first; of all of them, or of those whose digest begins so.
SELECT encode(digest, 'hex'), at, door, why, octet_length(octets), substring(octets FOR 16384) FROM vault.inbound_mail
WHERE state = 'unknown' AND encode(digest, 'hex') LIKE %(prefix)s || '%%' ORDER BY at DESC, digest LIMIT %(most)s

-- name: octets
-- One mail as it came.
SELECT octets FROM vault.inbound_mail WHERE digest = %(digest)s AND state = 'unknown'

-- name: throw_away
-- Looked at and not wanted; if it comes again, it is known.
UPDATE vault.inbound_mail SET state = 'handled', octets = NULL WHERE digest = ANY(%(digests)s) AND state = 'unknown'

-- name: forget
-- Past its time to live, whatever it is; at most so many at once, so that no lock is long.
DELETE FROM vault.inbound_mail WHERE digest IN (SELECT digest FROM vault.inbound_mail WHERE at < %(before)s ORDER BY at LIMIT %(most)s)
