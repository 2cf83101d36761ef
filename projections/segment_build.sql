-- name: find
-- One segment for everybody at once, kept until the end of the transaction: a table may be filled by several processes, which INSERT may not. `f` is the
-- person as folded, `v` what only the vault knows of them, `x` the instants that lines look at, `p…` how far each is carried by the line's duration in
-- the person's zone. Unknown is NULL, as in SQL's own logic.
CREATE TEMP TABLE chosen ON COMMIT DROP AS
SELECT chosen.subscriber, chosen.truth IS TRUE AS member, chosen.look FROM (<people>) AS chosen WHERE chosen.truth OR chosen.look IS NOT NULL

-- name: build_members
-- Who is in it already is left alone.
WITH gone AS (
    DELETE FROM {home}.segment_member m WHERE m.segment = %(segment)s
    AND NOT EXISTS (SELECT FROM pg_temp.chosen WHERE chosen.subscriber = m.subscriber AND chosen.member))
INSERT INTO {home}.segment_member (segment, subscriber) SELECT %(segment)s, subscriber FROM pg_temp.chosen WHERE member ON CONFLICT DO NOTHING

-- name: build_looks
-- Each of them is looked at for all their segments at the first of these instants.
INSERT INTO {home}.segment_look AS stood (subscriber, look) SELECT subscriber, look FROM pg_temp.chosen WHERE look IS NOT NULL
ON CONFLICT (subscriber) DO UPDATE SET look = excluded.look WHERE stood.look > excluded.look

-- name: found_no_more
-- The next segment is found in the same transaction.
DROP TABLE pg_temp.chosen

-- name: people
-- Truth, and the next instant at which time alone may change it.
SELECT f.subscriber, <truth> AS truth, <look> AS look FROM {schema}.fold f <vault> <instants> <pieces> WHERE f.traits <> 'null'::jsonb <certain>

-- name: everybody
-- What follows, in this transaction, reads them all.
SET LOCAL enable_seqscan = on

-- name: chosen
-- Whom a condition holds for now: for a mailing that falls due, and for a search.
SELECT chosen.subscriber::text FROM (<people>) AS chosen WHERE chosen.truth IS TRUE

-- name: find_chosen
-- The same for a mailing, kept until they are marked.
CREATE TEMP TABLE chosen ON COMMIT DROP AS SELECT chosen.subscriber FROM (<people>) AS chosen WHERE chosen.truth IS TRUE

-- name: find_possible
-- The same of whom it may hold for.
CREATE TEMP TABLE chosen ON COMMIT DROP AS SELECT chosen.subscriber FROM (<people>) AS chosen WHERE chosen.truth IS NOT FALSE

-- name: mark_found
-- Their agenda is computed anew, and the mailing then stands in it.
INSERT INTO {schema}.stale (subscriber) SELECT subscriber FROM pg_temp.chosen ON CONFLICT DO NOTHING

-- name: counted
-- How many a condition holds for, may hold for, and does not.
SELECT count(*) FILTER (WHERE chosen.truth), count(*) FILTER (WHERE chosen.truth IS NULL), count(*) FILTER (WHERE NOT chosen.truth) FROM (<people>) AS chosen

-- name: compared
-- Who would enter a segment that is kept, and who would leave it, if this were its condition.
SELECT count(*) FILTER (WHERE chosen.truth IS TRUE AND m.subscriber IS NULL), count(*) FILTER (WHERE chosen.truth IS NOT TRUE AND m.subscriber IS NOT NULL)
FROM (<people>) AS chosen LEFT JOIN {home}.segment_member m ON m.subscriber = chosen.subscriber AND m.segment = %(segment)s

-- name: instants
-- Each is computed once for a person, whatever is asked of it: OFFSET keeps the planner from writing it out wherever it is asked for.
CROSS JOIN LATERAL (SELECT <instants> OFFSET 0) AS x

-- name: pieces
-- By the zone as the person's events have it, "" included.
LEFT JOIN unnest(%(zones)s::text[], %(starts)s::bigint[], %(ends)s::bigint[], %(shifts)s::bigint[]) AS <piece> (zone, starts, ends, shift)
ON <piece>.zone = f.timezone AND x.<instant> >= <piece>.starts AND x.<instant> < <piece>.ends

-- name: on
-- Stands on one of these lists.
COALESCE(f.traits->'on' ?| %(lists)s::text[], false)

-- name: static
-- Was put into a static segment.
COALESCE(f.traits->'segments' ? %(name)s, false)

-- name: joined
-- When they last joined a list.
(f.traits->'joined'->>%(name)s)::bigint

-- name: received
-- When the last letter of a purpose but so many was sent; "" has those of all purposes together.
(f.traits->'received'->%(name)s->>%(place)s::integer)::bigint

-- name: ordered
-- The same of orders of a product.
(f.traits->'ordered'->%(name)s->>%(place)s::integer)::bigint

-- name: answered
-- When they last gave one of these answers, but so many times. Most people gave none of them, and are looked at no further.
CASE WHEN f.traits->'answered' ?| %(questions)s::text[] THEN (
    SELECT (answer->>1)::bigint FROM jsonb_each(f.traits->'answered') AS question, jsonb_array_elements(question.value) AS answer
    WHERE question.key = ANY(%(questions)s) AND (%(label)s = '' OR answer->>0 = %(label)s) ORDER BY 1 DESC OFFSET %(skipped)s LIMIT 1) END

-- name: answered_anything
-- The same whatever was asked.
CASE WHEN f.traits->'answered' <> '{}'::jsonb THEN (
    SELECT (answer->>1)::bigint FROM jsonb_each(f.traits->'answered') AS question, jsonb_array_elements(question.value) AS answer
    ORDER BY 1 DESC OFFSET %(skipped)s LIMIT 1) END

-- name: contact
-- When they last did something themselves.
(f.traits->>'contact')::bigint

-- name: agreed_to_be_measured
-- Since when they agree to be measured.
NULLIF((f.traits->>'measured')::bigint, 0)

-- name: measured
-- Not known of who does not agree, nor, where nothing was done, until they have agreed for as long as is asked about, or where a relay did it.
CASE WHEN <agreed> IS NULL THEN NULL WHEN <acted> THEN true WHEN <lately> OR <relayed> THEN NULL ELSE false END

-- name: look_of_measured
-- What was done leaves the window last.
CASE WHEN <agreed> IS NULL THEN NULL WHEN <acted> THEN <acted_look> ELSE <agreed_look> END

-- name: ever
-- A line without a duration.
(x.<instant> IS NOT NULL)

-- name: within
-- It has not left the window yet.
COALESCE(x.<instant> + <piece>.shift > %(now)s, false)

-- name: look
-- When it will leave the window.
CASE WHEN x.<instant> + <piece>.shift > %(now)s THEN x.<instant> + <piece>.shift END

-- name: look_of_all
-- What time cannot bring about may decide already.
CASE WHEN <truth> IS NOT FALSE THEN <look> END

-- name: look_of_any
-- The same where one is enough.
CASE WHEN <truth> IS NOT TRUE THEN <look> END

-- name: look_while
-- While what has to hold in any case does.
CASE WHEN <truth> THEN <look> END

-- name: certainly
-- Has a value that fits.
(<value> = ANY(%(trues)s::text[]))

-- name: valued
-- What a value comes to is decided for each value that occurs, by the same code as elsewhere: SQL knows the answers alone.
CASE WHEN <value> IS NULL THEN %(missing)s::boolean WHEN <value> = ANY(%(trues)s::text[]) THEN true WHEN <value> = ANY(%(unknown)s::text[]) THEN NULL ELSE false END

-- name: zones_there
-- Every zone that a person's events have, or had.
SELECT timezone FROM {schema}.zone
