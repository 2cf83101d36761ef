-- name: lease
-- One's buckets for some seconds more, all in one statement and locked in one order, so that senders wait for each other and never in a circle. Who asks is
-- counted among those that take until its time is over: each may have as many as there are for each, its own first, then what is free; what it has beyond
-- that is free from now on. A time that is further away than a lease can be is of a clock that was set back. It waits for no disk: a lease that a crash
-- makes forgotten is held twice for a moment, and the ledger says who begins a letter.
WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS now, clock_timestamp() + %(seconds)s * interval '1 second' AS until),
wanting AS (
    INSERT INTO desk.taking (sender, until) SELECT %(sender)s, until FROM moment WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
    ON CONFLICT (sender) DO UPDATE SET until = excluded.until),
held AS MATERIALIZED (SELECT b.bucket, b.sender, b.until FROM desk.bucket b ORDER BY b.bucket FOR UPDATE),
share AS MATERIALIZED (
    SELECT ceil(64.0 / (1 + count(*))) AS most FROM desk.taking t, moment m
    WHERE t.sender <> %(sender)s AND t.until > m.now AND t.until <= m.until + interval '1 second'),
ranked AS (
    SELECT h.bucket, h.sender = %(sender)s AS mine, row_number() OVER (ORDER BY h.sender <> %(sender)s, h.bucket) <= share.most AS kept
    FROM held h, moment m, share WHERE h.sender = %(sender)s OR h.until <= m.now OR h.until > m.until + interval '1 second')
UPDATE desk.bucket b SET sender = CASE WHEN r.kept THEN %(sender)s ELSE '' END, until = CASE WHEN r.kept THEN m.until ELSE 'epoch' END
FROM ranked r, moment m WHERE b.bucket = r.bucket AND (r.kept OR r.mine) RETURNING b.bucket, r.kept

-- name: know
-- All buckets are there, and those that were not are free: the desk may be lost.
INSERT INTO desk.bucket (bucket) SELECT generate_series(0, 63) ON CONFLICT DO NOTHING

-- name: give_up
-- Nothing is due, or nothing can be sent: others need not wait.
WITH unwanted AS (DELETE FROM desk.taking WHERE sender = %(sender)s),
held AS MATERIALIZED (SELECT b.bucket FROM desk.bucket b WHERE b.sender = %(sender)s ORDER BY b.bucket FOR UPDATE)
UPDATE desk.bucket b SET sender = '', until = 'epoch' FROM held h
WHERE b.bucket = h.bucket AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'

-- name: forget_taking
-- Of senders that are gone.
DELETE FROM desk.taking WHERE until < clock_timestamp() - interval '1 hour'
