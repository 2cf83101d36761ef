-- name: take
-- Due rows that nobody has taken, oldest first, behind the place where the last take came to. Taken rows stand on the desk, so a refused one does not
-- block the queue; SKIP LOCKED lets senders pass each other. A row that was let go is free once this view has followed to where that was recorded.
WITH due AS (
    SELECT a.due, a.subscriber, a.key FROM {schema}.agenda a
    WHERE a.due > 0 AND a.due <= %(now)s AND (a.due, a.subscriber) > (%(passed)s, %(passed_subscriber)s::uuid) AND a.list <> ALL(%(paused)s)
      AND NOT EXISTS (SELECT 1 FROM desk.taken t WHERE t.subscriber = a.subscriber AND t.key = a.key
        AND (t.until > clock_timestamp() OR t.position > (SELECT position FROM {schema}."position")))
    ORDER BY a.due, a.subscriber LIMIT %(limit)s FOR UPDATE OF a SKIP LOCKED),
taken AS (
    INSERT INTO desk.taken (subscriber, key, sender, until, why)
    SELECT subscriber, key, %(sender)s, clock_timestamp() + %(lease)s * interval '1 second', '' FROM due
    ON CONFLICT (subscriber, key) DO UPDATE SET sender = excluded.sender, until = excluded.until, why = '', position = 0
    WHERE desk.taken.until <= clock_timestamp()
    RETURNING subscriber, key)
SELECT due.due, due.subscriber, due.key FROM due JOIN taken USING (subscriber, key) ORDER BY due.due, due.subscriber
