-- name: take
-- Due rows that nobody has taken, oldest first, behind the place where the last take came to. Taken rows stand on the desk, so a refused one does not
-- block the queue; SKIP LOCKED lets senders pass each other. A row that was let go is free once this view has followed to where that was recorded.
-- Each comes with the place of the last: to join `due` for its own would compare every row with every other, for PostgreSQL expects one of each.
WITH due AS (
    SELECT a.due, a.subscriber, a.key FROM {schema}.agenda a
    WHERE a.due > 0 AND a.due <= %(now)s AND (a.due, a.subscriber) > (%(passed)s, %(passed_subscriber)s::uuid) AND a.list <> ALL(%(paused)s)
      AND NOT EXISTS (SELECT 1 FROM desk.taken t WHERE t.subscriber = a.subscriber AND t.key = a.key
        AND (t.until > clock_timestamp() OR t.position > (SELECT position FROM {schema}."position")))
    ORDER BY a.due, a.subscriber LIMIT %(limit)s FOR UPDATE OF a SKIP LOCKED),
taken AS (
    INSERT INTO desk.taken (subscriber, key, sender, until, why, due)
    SELECT subscriber, key, %(sender)s, clock_timestamp() + %(lease)s * interval '1 second', '', due FROM due
    ON CONFLICT (subscriber, key) DO UPDATE SET sender = excluded.sender, until = excluded.until, why = '', position = 0, due = excluded.due
    WHERE desk.taken.until <= clock_timestamp()
    RETURNING subscriber, key)
SELECT taken.subscriber::text, taken.key, last.due, last.subscriber::text FROM taken, (SELECT due, subscriber FROM due ORDER BY 1 DESC, 2 DESC LIMIT 1) AS last

-- name: take_beside_pauses
-- The same where lists are paused: list by list, so that what a paused one has due is not walked over, however much it is. The lists themselves are
-- found by hopping from one to the next. Rows are chosen before they are locked: senders that choose the same at the same instant get fewer, or none,
-- and look again. Ordered by list too, because only the index of lists can give that; locked one by one, because a join may read the whole agenda.
WITH RECURSIVE lists (list) AS (
    (SELECT list FROM {schema}.agenda WHERE due > 0 ORDER BY list LIMIT 1)
    UNION ALL
    SELECT (SELECT a.list FROM {schema}.agenda a WHERE a.due > 0 AND a.list > lists.list ORDER BY a.list LIMIT 1) FROM lists WHERE lists.list IS NOT NULL),
chosen AS (
    SELECT row.due, row.subscriber, row.key FROM lists CROSS JOIN LATERAL (
        SELECT a.due, a.subscriber, a.key FROM {schema}.agenda a
        WHERE a.list = lists.list AND a.due > 0 AND a.due <= %(now)s AND (a.due, a.subscriber) > (%(passed)s, %(passed_subscriber)s::uuid)
          AND NOT EXISTS (SELECT 1 FROM desk.taken t WHERE t.subscriber = a.subscriber AND t.key = a.key
            AND (t.until > clock_timestamp() OR t.position > (SELECT position FROM {schema}."position")))
        ORDER BY a.list, a.due, a.subscriber LIMIT %(limit)s) row
    WHERE lists.list <> ALL(%(paused)s)
    ORDER BY row.due, row.subscriber LIMIT %(limit)s),
due AS (
    SELECT held.due, held.subscriber, held.key FROM chosen CROSS JOIN LATERAL (
        SELECT a.due, a.subscriber, a.key FROM {schema}.agenda a
        WHERE a.subscriber = chosen.subscriber AND a.key = chosen.key AND a.due = chosen.due FOR UPDATE OF a SKIP LOCKED) held),
taken AS (
    INSERT INTO desk.taken (subscriber, key, sender, until, why, due)
    SELECT subscriber, key, %(sender)s, clock_timestamp() + %(lease)s * interval '1 second', '', due FROM due
    ON CONFLICT (subscriber, key) DO UPDATE SET sender = excluded.sender, until = excluded.until, why = '', position = 0, due = excluded.due
    WHERE desk.taken.until <= clock_timestamp()
    RETURNING subscriber, key)
SELECT taken.subscriber::text, taken.key, last.due, last.subscriber::text FROM taken, (SELECT due, subscriber FROM due ORDER BY 1 DESC, 2 DESC LIMIT 1) AS last

-- name: park
-- Letters whose provider takes none now wait on the desk by provider, so that the queue is walked past them once. What is no letter comes back: nobody
-- is written to. After some hours they are taken anew, should the desk have lost them.
WITH asked AS (
    SELECT * FROM unnest(%(subscribers)s::uuid[], %(keys)s::text[], %(providers)s::text[], %(ranks)s::bigint[]) AS r (subscriber, key, provider, rank)),
parked AS (
    INSERT INTO desk.waiting (subscriber, key, provider, urgent, due, list)
    SELECT r.subscriber, r.key, r.provider, starts_with(r.key, 'ask:'), coalesce(nullif(r.rank, 0), a.due), a.list
    FROM asked r JOIN {schema}.agenda a ON a.subscriber = r.subscriber AND a.key = r.key WHERE a.kind = 'letter'
    ON CONFLICT (subscriber, key) DO UPDATE SET provider = excluded.provider, due = excluded.due, since = clock_timestamp()
    RETURNING subscriber, key),
held AS (
    UPDATE desk.taken t SET sender = '', until = clock_timestamp() + %(seconds)s * interval '1 second', why = 'waits for its provider'
    FROM parked p WHERE t.subscriber = p.subscriber AND t.key = p.key)
SELECT r.subscriber::text, r.key FROM asked r WHERE NOT EXISTS (SELECT FROM parked p WHERE p.subscriber = r.subscriber AND p.key = r.key)

-- name: unpark
-- So many of those that wait for each provider, who asked for a mail first, then the oldest; none of a list that is paused. What is not due any more, or
-- not yet by the clock of who asks, is left to be taken like everything else.
WITH chosen AS (
    SELECT w.subscriber, w.key FROM unnest(%(providers)s::text[], %(letters)s::integer[]) AS g (provider, letters) CROSS JOIN LATERAL (
        SELECT w.subscriber, w.key FROM desk.waiting w WHERE w.provider = g.provider AND w.list <> ALL(%(paused)s)
        ORDER BY w.urgent DESC, w.due, w.subscriber LIMIT g.letters FOR UPDATE SKIP LOCKED) w),
gone AS (
    DELETE FROM desk.waiting w USING chosen c WHERE w.subscriber = c.subscriber AND w.key = c.key RETURNING w.subscriber, w.key, w.provider),
due AS (
    SELECT g.*, a.due FROM gone g JOIN {schema}.agenda a ON a.subscriber = g.subscriber AND a.key = g.key WHERE a.due > 0 AND a.due <= %(now)s),
left_alone AS (
    DELETE FROM desk.taken t USING gone g WHERE t.subscriber = g.subscriber AND t.key = g.key AND t.sender = ''
    AND NOT EXISTS (SELECT FROM due d WHERE d.subscriber = g.subscriber AND d.key = g.key))
UPDATE desk.taken t SET sender = %(sender)s, until = clock_timestamp() + %(lease)s * interval '1 second', why = '', due = d.due
FROM due d WHERE t.subscriber = d.subscriber AND t.key = d.key AND t.sender = '' RETURNING t.subscriber::text, t.key, d.provider
