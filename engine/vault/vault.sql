-- name: register
-- A second registration of the same address is a conflict of two who were quick, found by the hash.
INSERT INTO vault.person (subscriber, address_hash, address, fields, registered_at, source)
VALUES (%(subscriber)s, %(hash)s, %(address)s, %(fields)s, %(at)s, %(source)s) ON CONFLICT (address_hash) DO NOTHING

-- name: merge_fields
-- New values replace old ones, others stay.
UPDATE vault.person SET fields = fields || %(fields)s WHERE subscriber = %(subscriber)s

-- name: come_by
-- The form that registered them: whoever fills in another later has come already.
UPDATE vault.person SET form = %(form)s WHERE subscriber = %(subscriber)s

-- name: come_from
-- The last place named is the one told: what was told before stands in the letters.
UPDATE vault.person SET source = %(source)s WHERE subscriber = %(subscriber)s

-- name: keep_evidence
-- The same commitment twice is the same evidence.
INSERT INTO vault.evidence (commitment, subscriber, at, kind, salt, payload)
VALUES (%(commitment)s, %(subscriber)s, %(at)s, %(kind)s, %(salt)s, %(payload)s) ON CONFLICT DO NOTHING

-- name: keep_pieces
-- A few pieces at once, as a group of clicks brings them: one journey, where COPY takes two.
INSERT INTO vault.evidence (commitment, subscriber, at, kind, salt, payload)
SELECT * FROM unnest(
    %(commitments)s::bytea[], %(subscribers)s::uuid[], %(ats)s::bigint[], %(kinds)s::text[], %(salts)s::bytea[], %(payloads)s::bytea[])
ON CONFLICT DO NOTHING

-- name: copy_people
-- Imports write many people at once; they were looked up under the same transaction's lock on the hash.
COPY vault.person (subscriber, address_hash, address, fields, registered_at, source) FROM STDIN (FORMAT BINARY)

-- name: copy_evidence
-- Imports write one piece of evidence a row.
COPY vault.evidence (commitment, subscriber, at, kind, salt, payload) FROM STDIN (FORMAT BINARY)

-- name: suppress
-- The first reason stands.
INSERT INTO vault.suppression (address_hash, reason, at) VALUES (%(hash)s, %(reason)s, %(at)s) ON CONFLICT DO NOTHING

-- name: bar
-- A person who objects or is erased is barred under every address they had; one that somebody else has by now stays that person's.
INSERT INTO vault.suppression (address_hash, reason, at)
SELECT address_hash, reason, %(at)s FROM (
    SELECT address_hash, %(reason)s::text AS reason FROM vault.person WHERE subscriber = %(subscriber)s
    UNION ALL SELECT address_hash, %(of_former)s::text FROM vault.former_address AS former WHERE subscriber = %(subscriber)s
        AND NOT EXISTS (SELECT FROM vault.person AS standing WHERE standing.address_hash = former.address_hash)
) AS addresses ORDER BY address_hash ON CONFLICT DO NOTHING

-- name: lift
-- A person's own confirmed act makes them reachable again; under a former address, where that objection had barred it.
DELETE FROM vault.suppression WHERE address_hash IN (SELECT address_hash FROM vault.person WHERE subscriber = %(subscriber)s)
    OR (reason = 'objected' AND address_hash IN (SELECT address_hash FROM vault.former_address WHERE subscriber = %(subscriber)s))

-- name: forget_bars
-- Whoever is erased and wants no hash of theirs kept; a former address that somebody else has by now stays as it is.
DELETE FROM vault.suppression WHERE address_hash IN (
    SELECT address_hash FROM vault.person WHERE subscriber = %(subscriber)s
    UNION SELECT address_hash FROM vault.former_address AS former WHERE subscriber = %(subscriber)s
        AND NOT EXISTS (SELECT FROM vault.person AS other WHERE other.address_hash = former.address_hash AND other.subscriber <> former.subscriber))

-- name: bar_moved
-- Who has objected has done so under the address that is corrected too.
INSERT INTO vault.suppression (address_hash, reason, at)
SELECT %(hash)s, reason, %(at)s FROM vault.suppression JOIN vault.person USING (address_hash)
WHERE subscriber = %(subscriber)s AND reason = 'objected' ON CONFLICT DO NOTHING

-- name: hashes_of
-- Every address these people have (first) or had, unless somebody else has it by now.
SELECT subscriber, address_hash FROM (
    SELECT subscriber, address_hash, 0 AS age FROM vault.person WHERE subscriber = ANY(%(subscribers)s)
    UNION ALL SELECT subscriber, address_hash, 1 FROM vault.former_address AS former WHERE subscriber = ANY(%(subscribers)s)
        AND NOT EXISTS (SELECT FROM vault.person AS standing WHERE standing.address_hash = former.address_hash)
) AS addresses ORDER BY subscriber, age, address_hash

-- name: former_hashes
-- The same of one person's former addresses, whoever has them by now.
SELECT address_hash FROM vault.former_address WHERE subscriber = %(subscriber)s

-- name: suppressed
-- Checked at every import, form, call and erasure.
SELECT address_hash, reason FROM vault.suppression WHERE address_hash = ANY(%(hashes)s)

-- name: by_hashes
-- Who stands behind these addresses.
SELECT address_hash, subscriber FROM vault.person WHERE address_hash = ANY(%(hashes)s)

-- name: people
-- Joined by pages and letters when they are read or composed, never kept elsewhere.
SELECT subscriber::text, address, fields, source, form FROM vault.person WHERE subscriber = ANY(%(subscribers)s)

-- name: evidence_of
-- One person's evidence by commitment, for their story; of a page of it, that of some commitments.
SELECT commitment, salt, payload FROM vault.evidence
WHERE subscriber = %(subscriber)s AND (%(only)s::bytea[] IS NULL OR commitment = ANY(%(only)s::bytea[])) ORDER BY at, commitment

-- name: erase_person
-- First of all: whoever holds their row now is waited for, and finds nobody afterwards.
DELETE FROM vault.person WHERE subscriber = %(subscriber)s

-- name: erase_evidence
-- Salt and payload together: no commitment in the ledger can be linked to anything after this (E06).
DELETE FROM vault.evidence WHERE subscriber = %(subscriber)s

-- name: erase_former_addresses
-- Nor is anybody found under an address they once had.
DELETE FROM vault.former_address WHERE subscriber = %(subscriber)s

-- name: erase_orders
-- Their numbers are known no more; what the shop keeps for its books is elsewhere.
DELETE FROM vault.recorded_order WHERE subscriber = %(subscriber)s

-- name: hold_person
-- Whoever writes down at this moment what they did is waited for.
SELECT FROM vault.person WHERE subscriber = %(subscriber)s FOR UPDATE

-- name: erase_measured
-- What they clicked, and what they loaded.
DELETE FROM vault.measured WHERE subscriber = %(subscriber)s

-- name: erase_stuck
-- What was set aside says why, which may be in words about them; what waits leaves no more. Leases hold an opaque id and end within minutes.
WITH waiting AS (DELETE FROM desk.waiting WHERE subscriber = %(subscriber)s) DELETE FROM desk.stuck WHERE subscriber = %(subscriber)s

-- name: erase_shown
-- When which link of their letters was opened.
DELETE FROM desk.shown WHERE message = ANY(%(messages)s::text[])

-- name: erase_edges
-- Which segments they were seen to enter or to leave.
DELETE FROM desk.segment_edge WHERE subscriber = %(subscriber)s

-- name: erase_segments
-- Which segments they are in, where that says something of their fields.
DELETE FROM vault.segment_member WHERE subscriber = %(subscriber)s

-- name: erase_inbound
-- Mails of theirs that wait to be handed on, and those that were not understood and name their address.
DELETE FROM vault.inbound_mail WHERE subscriber = %(subscriber)s
    OR position((SELECT convert_to(address, 'UTF8') FROM vault.person WHERE subscriber = %(subscriber)s) IN octets) > 0

-- name: erase_looks
-- When they would have been looked at for that.
DELETE FROM vault.segment_look WHERE subscriber = %(subscriber)s

-- name: keep_former_address
-- Before the address is another.
INSERT INTO vault.former_address (address_hash, subscriber, until) SELECT address_hash, subscriber, %(at)s FROM vault.person
WHERE subscriber = %(subscriber)s AND address_hash <> %(hash)s ON CONFLICT (address_hash, subscriber) DO UPDATE SET until = excluded.until

-- name: move_address
-- A correction of the address. One that somebody else has breaks the key, which is a conflict.
UPDATE vault.person SET address = %(address)s, address_hash = %(hash)s WHERE subscriber = %(subscriber)s

-- name: formerly
-- Who once had these addresses, the last of them.
SELECT DISTINCT ON (address_hash) address_hash, subscriber FROM vault.former_address WHERE address_hash = ANY(%(hashes)s)
ORDER BY address_hash, until DESC

-- name: archive
-- Written in the transaction that deletes what it was made of.
INSERT INTO vault.archive (subscriber, sealed, archived_at, ends_at) VALUES (%(subscriber)s, %(sealed)s, %(at)s, %(ends_at)s) ON CONFLICT DO NOTHING

-- name: archived
-- The sealed proof of somebody who was erased.
SELECT sealed, ends_at FROM vault.archive WHERE subscriber = %(subscriber)s

-- name: end_archives
-- At its term proof is deleted, whatever came of it (D13).
DELETE FROM vault.archive WHERE ends_at <= %(now)s

-- name: held
-- What an erasure will delete, for its receipt.
SELECT (SELECT count(*) FROM vault.person WHERE subscriber = %(subscriber)s), (SELECT count(*) FROM vault.evidence WHERE subscriber = %(subscriber)s),
    (SELECT count(*) FROM vault.former_address WHERE subscriber = %(subscriber)s)

-- name: count_people
-- How many are known: said of a list of everybody when it is handed out.
SELECT count(*) FROM vault.person

-- name: people_after
-- Everybody, a page at a time, by id: an audit reads them all and holds no more than a page.
SELECT subscriber, source, registered_at FROM vault.person WHERE subscriber > %(after)s::uuid ORDER BY subscriber LIMIT %(most)s

-- name: pieces_of_many
-- The same for a page of people, with what it takes to hold each piece against its commitment.
SELECT subscriber, commitment, salt, payload, kind FROM vault.evidence WHERE subscriber = ANY(%(subscribers)s::uuid[])

-- name: evidence_owners
-- Whom anything is kept about, a page at a time, by id: an audit reads them all and holds no more than a page.
SELECT DISTINCT subscriber FROM vault.evidence WHERE subscriber > %(after)s::uuid ORDER BY subscriber LIMIT %(most)s

-- name: mails_of
-- What was kept of letters that asked for consent before they were handed over: a killed sender's are found here.
SELECT subscriber, commitment, payload FROM vault.evidence WHERE kind = 'mail' AND subscriber = ANY(%(subscribers)s::uuid[]) ORDER BY at

-- name: forget_evidence
-- Salt and payload go together: what stays in the ledger cannot be linked any more (E06).
DELETE FROM vault.evidence WHERE commitment = ANY(%(commitments)s)

-- name: mentioning
-- An auditor's question about an address nobody is registered under any more: no index serves it, and it is asked by hand. Of a mail that is kept
-- its reader counts: its sender is the same in all of them.
SELECT DISTINCT subscriber FROM vault.evidence
WHERE position(%(said)s::bytea IN payload) > 0 AND (kind <> 'mail' OR position(%(to)s::bytea IN payload) > 0)
