-- name: hold
-- Of these people those who are known. Whoever takes their consent back meanwhile, or is erased, waits until what is written now can be deleted.
SELECT subscriber::text FROM vault.person WHERE subscriber = ANY(%(subscribers)s::uuid[]) ORDER BY subscriber FOR SHARE

-- name: keep
-- The same instant twice is one act.
INSERT INTO vault.measured (subscriber, letter, act, link, at)
SELECT * FROM unnest(%(subscribers)s::uuid[], %(letters)s::text[], %(acts)s::text[], %(links)s::text[], %(ats)s::bigint[]) ON CONFLICT DO NOTHING

-- name: keep_the_latest
-- Of one act the latest few, however often somebody comes back.
DELETE FROM vault.measured m USING (
    SELECT subscriber, letter, act, link, at, row_number() OVER (PARTITION BY subscriber, letter, act, link ORDER BY at DESC) AS place
    FROM vault.measured WHERE subscriber = ANY(%(subscribers)s::uuid[])) AS ranked
WHERE ranked.place > %(most)s
    AND (m.subscriber, m.letter, m.act, m.link, m.at) = (ranked.subscriber, ranked.letter, ranked.act, ranked.link, ranked.at)

-- name: of_person
-- All that is kept of somebody, oldest first.
SELECT letter, act, link, at FROM vault.measured WHERE subscriber = %(subscriber)s ORDER BY at, letter, act, link

-- name: forget
-- At their term, whatever else is configured: it was promised where they agreed.
DELETE FROM vault.measured WHERE at < %(before)s

-- name: tell
-- Who follows, and rests until somebody is to be looked at, is not to wait for it.
NOTIFY ledger_events

-- name: look_again
-- Segments that ask about it look at them with the next tick.
INSERT INTO vault.segment_look AS stood (subscriber, look) SELECT who, %(look)s FROM unnest(%(subscribers)s::uuid[]) AS who
ON CONFLICT (subscriber) DO UPDATE SET look = excluded.look WHERE stood.look > excluded.look
