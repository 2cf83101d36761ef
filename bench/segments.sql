-- name: visible
-- Which of the expected memberships stand in either home, each looked up by its key.
SELECT segment, subscriber::text FROM unnest(%(segments)s::text[], %(subscribers)s::uuid[]) AS expected (segment, subscriber)
CROSS JOIN LATERAL (
    (SELECT FROM {view}.segment_member m WHERE (m.subscriber, m.segment) = (expected.subscriber, expected.segment) LIMIT 1)
    UNION ALL (SELECT FROM vault.segment_member m WHERE (m.subscriber, m.segment) = (expected.subscriber, expected.segment) LIMIT 1)) AS there

-- name: by_hand
-- What the segment that is built anew says, as somebody would count it who knows the tables.
SELECT count(*) FROM {view}.fold f JOIN vault.person v ON v.subscriber = f.subscriber
WHERE f.traits->'on' ? '8' AND v.fields->>'town' = 'Ville-3' AND EXISTS (
    SELECT FROM jsonb_array_elements(f.traits->'answered'->'list:8/question') AS answer
    WHERE answer->>0 = 'le calendrier des semis' AND (answer->>1)::bigint > %(since)s)

-- name: everybody
-- As the program reads them all.
SET LOCAL enable_seqscan = on

-- name: forget
-- It is then built anew, with nobody in it.
WITH members AS (DELETE FROM vault.segment_member WHERE segment = %(segment)s)
DELETE FROM vault.segment_built WHERE segment = %(segment)s

-- name: some_people
-- Whom facts happen to: in any order, but none of those who are in the segments that are watched.
SELECT subscriber::text FROM vault.person ORDER BY md5(subscriber::text) LIMIT %(limit)s
