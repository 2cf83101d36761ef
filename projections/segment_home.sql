-- name: without_traits
-- Of people whose rows are written anew, mostly for a mailing: those of whom nothing is kept yet that conditions look at, or is kept no longer.
SELECT subscriber::text FROM {schema}.fold WHERE subscriber = ANY(%(subscribers)s) AND (traits = 'null') = %(tracked)s

-- name: put_traits
-- Of people whose rows are written anew after a publication: only where it changes what is kept.
UPDATE {schema}.fold AS f SET traits = put.traits::jsonb FROM unnest(%(subscribers)s::uuid[], %(traits)s::text[]) AS put (subscriber, traits)
WHERE f.subscriber = put.subscriber AND f.traits <> put.traits::jsonb

-- name: put_members
-- Who has come into it.
INSERT INTO {home}.segment_member (segment, subscriber) SELECT * FROM unnest(%(segments)s::text[], %(subscribers)s::uuid[]) ON CONFLICT DO NOTHING

-- name: remove_members
-- Who is in it no more.
DELETE FROM {home}.segment_member m USING unnest(%(segments)s::text[], %(subscribers)s::uuid[]) AS gone (segment, subscriber)
WHERE m.segment = gone.segment AND m.subscriber = gone.subscriber

-- name: memberships
-- What stands of people who are looked at as a whole.
SELECT subscriber::text, segment FROM {home}.segment_member WHERE subscriber = ANY(%(subscribers)s)

-- name: put_looks
-- When time alone may change something of them: an earlier look stays, since it finds what is then due to be looked at later.
INSERT INTO {home}.segment_look AS stood (subscriber, look) SELECT * FROM unnest(%(subscribers)s::uuid[], %(looks)s::bigint[])
ON CONFLICT (subscriber) DO UPDATE SET look = excluded.look WHERE stood.look > excluded.look

-- name: forget_looks
-- Of people who are looked at as a whole, before it is said when to look again; and of those who are looked at no more.
DELETE FROM {home}.segment_look WHERE subscriber = ANY(%(subscribers)s)

-- name: forget_all_looks
-- There is no segment any more.
DELETE FROM {home}.segment_look

-- name: forget_people
-- Who was erased, or cannot be folded, is in no segment.
DELETE FROM {home}.segment_member WHERE subscriber = ANY(%(subscribers)s)

-- name: stood
-- Who of these people was in these segments, before they are looked at again.
SELECT m.segment, m.subscriber::text FROM {home}.segment_member m
JOIN unnest(%(segments)s::text[], %(subscribers)s::uuid[]) AS asked (segment, subscriber)
    ON m.segment = asked.segment AND m.subscriber = asked.subscriber

-- name: put_edges
-- Whoever is seen to enter or to leave a segment that rules are about. It is work to be done, so it lies on the desk; the last way counts.
INSERT INTO desk.segment_edge (subscriber, segment, entered)
SELECT * FROM unnest(%(subscribers)s::uuid[], %(segments)s::text[], %(entered)s::boolean[])
ON CONFLICT (subscriber, segment) DO UPDATE SET entered = excluded.entered, at = DEFAULT

-- name: profiles_ahead
-- Whose profile has changed in what a segment reads, by facts that are still to be followed.
SELECT DISTINCT originator_id::text FROM ledger.events WHERE notification_id > %(position)s AND topic = 'profile-changed'
    AND (%(source)s OR convert_from(state, 'UTF8')::jsonb -> 'data' -> 'fields' ?| %(fields)s::text[])

-- name: next_look
-- Until when who follows may rest.
SELECT min(look) FROM {home}.segment_look

-- name: due_looks
-- Whom time alone may have changed since.
SELECT subscriber::text FROM {home}.segment_look WHERE look <= %(now)s ORDER BY look LIMIT %(limit)s

-- name: built
-- Which condition each segment's rows stand for.
SELECT segment, definition FROM {home}.segment_built

-- name: empty
-- Of a segment that is published no more.
DELETE FROM {home}.segment_member WHERE segment = %(segment)s

-- name: set_built
-- With its rows.
INSERT INTO {home}.segment_built (segment, definition) VALUES (%(segment)s, %(definition)s)
ON CONFLICT (segment) DO UPDATE SET definition = excluded.definition

-- name: set_unbuilt
-- With its rows.
DELETE FROM {home}.segment_built WHERE segment = %(segment)s

-- name: forget_built
-- All are built anew.
DELETE FROM {home}.segment_built

-- name: counts
-- Members by segment.
SELECT segment, count(*) FROM {home}.segment_member GROUP BY segment

-- name: static_counts
-- Who was put into each segment that has no condition.
SELECT segment, count(*) FROM {schema}.fold f, jsonb_object_keys(f.traits->'segments') AS segment WHERE f.traits ? 'segments' GROUP BY segment

-- name: members
-- Whoever is in it, for lists of people and for exports: read through a server-side cursor.
SELECT subscriber::text FROM {home}.segment_member WHERE segment = %(segment)s

-- name: members_after
-- A page of whoever is in it, by id: each page begins where the one before ended, whoever came or went meanwhile.
SELECT subscriber::text FROM {home}.segment_member
WHERE segment = %(segment)s AND subscriber > %(after)s::uuid ORDER BY subscriber LIMIT %(limit)s

-- name: put_after
-- The same of a segment without conditions, which the folds hold.
SELECT subscriber::text FROM {schema}.fold
WHERE traits->'segments' ? %(segment)s AND subscriber > %(after)s::uuid ORDER BY subscriber LIMIT %(limit)s

-- name: choose
-- A mailing to segments has fallen due.
INSERT INTO {schema}.choosing (key) SELECT unnest(%(keys)s::text[]) ON CONFLICT DO NOTHING

-- name: next_choice
-- One is found at a time.
DELETE FROM {schema}.choosing WHERE key = (SELECT key FROM {schema}.choosing ORDER BY key LIMIT 1) RETURNING key

-- name: mark_everybody
-- Once, when segments are published for the first time or no longer: what they look at is kept of everybody, or of nobody.
INSERT INTO {schema}.stale (subscriber) SELECT subscriber FROM {schema}.fold ON CONFLICT DO NOTHING
