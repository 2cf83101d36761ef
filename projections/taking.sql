-- name: due
-- Due rows of some buckets, oldest first, behind the place where the last reading came to, and how far this view has followed: both of one moment, so that
-- a sender knows which of its outcomes these rows have heard of. `buckets` has a bit for each of them: a subscriber's is the number that the last six bits
-- of the id are. What waits for its provider or is in quarantine blocks nobody. Where nothing is due there is one row without a key.
SELECT p.position, row.subscriber::text, row.key, row.due FROM {schema}."position" p LEFT JOIN LATERAL (
    SELECT a.due, a.subscriber, a.key FROM {schema}.agenda a
    WHERE a.due > 0 AND a.due <= %(now)s AND (a.due, a.subscriber) > (%(passed)s, %(passed_subscriber)s::uuid) AND a.list <> ALL(%(paused)s)
      AND get_bit(%(buckets)s::bytea, get_byte(uuid_send(a.subscriber), 15) & 63) > 0
      AND ((SELECT NOT EXISTS (SELECT FROM desk.waiting)) OR NOT EXISTS (SELECT FROM desk.waiting w WHERE w.subscriber = a.subscriber AND w.key = a.key))
      AND ((SELECT NOT EXISTS (SELECT FROM desk.stuck)) OR NOT EXISTS (
            SELECT FROM desk.stuck s WHERE s.subscriber = a.subscriber AND s.key = a.key AND s.until > clock_timestamp()))
    ORDER BY a.due, a.subscriber LIMIT %(limit)s) row ON true
ORDER BY row.due, row.subscriber

-- name: due_beside_pauses
-- The same where lists are paused: list by list, so that what a paused one has due is not walked over, however much it is. The lists themselves are
-- found by hopping from one to the next. Ordered by list too, because only the index of lists can give that.
WITH RECURSIVE lists (list) AS (
    (SELECT list FROM {schema}.agenda WHERE due > 0 ORDER BY list LIMIT 1)
    UNION ALL
    SELECT (SELECT a.list FROM {schema}.agenda a WHERE a.due > 0 AND a.list > lists.list ORDER BY a.list LIMIT 1) FROM lists WHERE lists.list IS NOT NULL)
SELECT p.position, row.subscriber::text, row.key, row.due FROM {schema}."position" p LEFT JOIN LATERAL (
    SELECT of_list.due, of_list.subscriber, of_list.key FROM lists CROSS JOIN LATERAL (
        SELECT a.due, a.subscriber, a.key FROM {schema}.agenda a
        WHERE a.list = lists.list AND a.due > 0 AND a.due <= %(now)s AND (a.due, a.subscriber) > (%(passed)s, %(passed_subscriber)s::uuid)
          AND get_bit(%(buckets)s::bytea, get_byte(uuid_send(a.subscriber), 15) & 63) > 0
          AND ((SELECT NOT EXISTS (SELECT FROM desk.waiting)) OR NOT EXISTS (SELECT FROM desk.waiting w WHERE w.subscriber = a.subscriber AND w.key = a.key))
          AND ((SELECT NOT EXISTS (SELECT FROM desk.stuck)) OR NOT EXISTS (
            SELECT FROM desk.stuck s WHERE s.subscriber = a.subscriber AND s.key = a.key AND s.until > clock_timestamp()))
        ORDER BY a.list, a.due, a.subscriber LIMIT %(limit)s) of_list
    WHERE lists.list <> ALL(%(paused)s)
    ORDER BY of_list.due, of_list.subscriber LIMIT %(limit)s) row ON true
ORDER BY row.due, row.subscriber

-- name: park
-- Letters whose provider takes none now wait on the desk by provider, so that the queue is walked past them once. What is no letter comes back: nobody
-- is written to.
WITH asked AS (
    SELECT * FROM unnest(%(subscribers)s::uuid[], %(keys)s::text[], %(providers)s::text[], %(ranks)s::bigint[]) AS r (subscriber, key, provider, rank)),
parked AS (
    INSERT INTO desk.waiting (subscriber, key, provider, urgent, due, list)
    SELECT r.subscriber, r.key, r.provider, starts_with(r.key, 'ask:'), coalesce(nullif(r.rank, 0), a.due), a.list
    FROM asked r JOIN {schema}.agenda a ON a.subscriber = r.subscriber AND a.key = r.key WHERE a.kind = 'letter'
    ORDER BY r.subscriber, r.key
    ON CONFLICT (subscriber, key) DO UPDATE SET provider = excluded.provider, due = excluded.due, since = clock_timestamp()
    RETURNING subscriber, key)
SELECT r.subscriber::text, r.key FROM asked r WHERE NOT EXISTS (SELECT FROM parked p WHERE p.subscriber = r.subscriber AND p.key = r.key)

-- name: unpark
-- So many of those that wait for each provider, of some buckets, who asked for a mail first, then the oldest; none of a list that is paused. What is not
-- due any more, or not yet by the clock of who asks, is left to be taken like everything else.
WITH chosen AS (
    SELECT w.subscriber, w.key FROM unnest(%(providers)s::text[], %(letters)s::integer[]) AS g (provider, letters) CROSS JOIN LATERAL (
        SELECT w.subscriber, w.key FROM desk.waiting w WHERE w.provider = g.provider AND w.list <> ALL(%(paused)s)
          AND get_bit(%(buckets)s::bytea, get_byte(uuid_send(w.subscriber), 15) & 63) > 0
        ORDER BY w.urgent DESC, w.due, w.subscriber LIMIT g.letters FOR UPDATE SKIP LOCKED) w),
gone AS (
    DELETE FROM desk.waiting w USING chosen c WHERE w.subscriber = c.subscriber AND w.key = c.key RETURNING w.subscriber, w.key, w.provider)
SELECT g.subscriber::text, g.key, a.due, g.provider FROM gone g JOIN {schema}.agenda a ON a.subscriber = g.subscriber AND a.key = g.key
WHERE a.due > 0 AND a.due <= %(now)s
