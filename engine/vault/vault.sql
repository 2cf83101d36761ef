-- name: register
-- A second registration of the same address is a conflict of two who were quick, found by the hash.
INSERT INTO vault.person (subscriber, address_hash, address, fields, registered_at)
VALUES (%(subscriber)s, %(hash)s, %(address)s, %(fields)s, %(at)s) ON CONFLICT (address_hash) DO NOTHING

-- name: merge_fields
-- New values replace old ones, others stay.
UPDATE vault.person SET fields = fields || %(fields)s WHERE subscriber = %(subscriber)s

-- name: keep_evidence
-- The same commitment twice is the same evidence.
INSERT INTO vault.evidence (commitment, subscriber, at, salt, payload)
VALUES (%(commitment)s, %(subscriber)s, %(at)s, %(salt)s, %(payload)s) ON CONFLICT DO NOTHING

-- name: copy_people
-- Imports write many people at once; they were looked up under the same transaction's lock on the hash.
COPY vault.person (subscriber, address_hash, address, fields, registered_at) FROM STDIN (FORMAT BINARY)

-- name: copy_evidence
-- Imports write one piece of evidence a row.
COPY vault.evidence (commitment, subscriber, at, salt, payload) FROM STDIN (FORMAT BINARY)

-- name: suppress
-- The first reason stands.
INSERT INTO vault.suppression (address_hash, reason, at) VALUES (%(hash)s, %(reason)s, %(at)s) ON CONFLICT DO NOTHING

-- name: lift
-- A person's own confirmed act, or an operator, makes an address reachable again.
DELETE FROM vault.suppression WHERE address_hash = %(hash)s

-- name: suppressed
-- Checked at every import, form, call and erasure.
SELECT address_hash, reason FROM vault.suppression WHERE address_hash = ANY(%(hashes)s)

-- name: by_hashes
-- Who stands behind these addresses.
SELECT address_hash, subscriber FROM vault.person WHERE address_hash = ANY(%(hashes)s)

-- name: people
-- Joined by pages and letters when they are read or composed, never kept elsewhere.
SELECT subscriber, address, fields FROM vault.person WHERE subscriber = ANY(%(subscribers)s)

-- name: evidence_of
-- One person's evidence by commitment, for their story.
SELECT commitment, salt, payload FROM vault.evidence WHERE subscriber = %(subscriber)s
