-- name: take
-- Due rows that nobody has taken, oldest first. Taken rows stand on the desk, so a refused one does not block the queue; SKIP LOCKED lets senders pass each other.
WITH due AS (
    SELECT a.subscriber, a.key FROM agenda a
    WHERE a.due > 0 AND a.due <= %(now)s AND a.list <> ALL(%(paused)s)
      AND NOT EXISTS (SELECT 1 FROM desk.taken t WHERE t.subscriber = a.subscriber AND t.key = a.key AND t.until > clock_timestamp())
    ORDER BY a.due LIMIT %(limit)s FOR UPDATE OF a SKIP LOCKED)
INSERT INTO desk.taken (subscriber, key, sender, until, why)
SELECT subscriber, key, %(sender)s, clock_timestamp() + %(lease)s * interval '1 second', '' FROM due
ON CONFLICT (subscriber, key) DO UPDATE SET sender = excluded.sender, until = excluded.until, why = '' WHERE desk.taken.until <= clock_timestamp()
RETURNING subscriber, key
