-- name: begin
-- A hook that is new begins where the ledger ends: what was before, a replay tells it.
INSERT INTO desk.hook (name, position, seen) SELECT name, %(head)s, %(now)s FROM unnest(%(names)s::text[]) AS n (name)
ON CONFLICT (name) DO UPDATE SET seen = excluded.seen

-- name: put_back
-- The ledger may have been put back from an older copy: positions beyond its head are other facts' by and by.
UPDATE desk.hook SET position = %(head)s, turn = turn + 1 WHERE position > %(head)s

-- name: drop_put_back
-- The same of what was to be tried again.
DELETE FROM desk.hook_retry WHERE position > %(head)s

-- name: forget
-- Of a hook that no configuration has named for long.
WITH gone AS (DELETE FROM desk.hook WHERE seen < %(unseen)s AND name <> ALL(%(names)s::text[]) RETURNING name)
DELETE FROM desk.hook_retry r USING gone WHERE r.hook = gone.name

-- name: forget_given_up
-- Long enough, and enough of them, for somebody to see what was not taken.
DELETE FROM desk.hook_retry r USING (
    SELECT hook, position, tried_at < %(before)s OR row_number() OVER (PARTITION BY hook ORDER BY position DESC) > %(most)s AS over
    FROM desk.hook_retry WHERE next_try IS NULL) g
WHERE g.over AND r.hook = g.hook AND r.position = g.position

-- name: states
-- Few rows: one of each hook.
SELECT name, position, turn, failing, failing_since, probes, next_try, off, off_at, delivered, failures, given_up, answered_at, answer
FROM desk.hook ORDER BY name

-- name: retries
-- Those given up as well.
SELECT position, tries, next_try, tried_at, answer FROM desk.hook_retry WHERE hook = %(name)s ORDER BY position

-- name: queue
-- At most as many as a target's queue holds.
SELECT position, tries, next_try, tried_at, answer FROM desk.hook_retry WHERE hook = %(name)s AND next_try IS NOT NULL ORDER BY position

-- name: waiting
-- By hook: to be tried again, given up, the first of these.
SELECT hook, count(next_try), count(*) - count(next_try), coalesce(min(position) FILTER (WHERE next_try IS NULL), 0) FROM desk.hook_retry GROUP BY hook

-- name: record
-- After each answer, before the next message leaves. What an operator did meanwhile counts: the row is then left as they made it.
UPDATE desk.hook SET position = %(position)s, failing = %(failing)s::bigint[], failing_since = %(failing_since)s, probes = %(probes)s,
    next_try = %(next_try)s, off = %(off)s, off_at = %(off_at)s, delivered = %(delivered)s, failures = %(failures)s, given_up = %(given_up)s,
    answered_at = %(answered_at)s, answer = %(answer)s
WHERE name = %(name)s AND turn = %(turn)s

-- name: put
-- A message that is to be tried again, or was given up.
INSERT INTO desk.hook_retry (hook, position, tries, next_try, tried_at, answer)
VALUES (%(name)s, %(position)s, %(tries)s, %(next_try)s, %(tried_at)s, %(answer)s)
ON CONFLICT (hook, position) DO UPDATE SET tries = excluded.tries, next_try = excluded.next_try, tried_at = excluded.tried_at, answer = excluded.answer

-- name: drop
-- It was delivered.
DELETE FROM desk.hook_retry WHERE hook = %(name)s AND position = %(position)s

-- name: switch_off
-- By a command. One that was off already stays off for the reason it was.
UPDATE desk.hook SET off = 'operator', off_at = %(now)s, turn = turn + 1 WHERE name = %(name)s AND off = ''

-- name: switch_on
-- As if nothing had failed, from where it stood.
UPDATE desk.hook SET off = '', off_at = 0, failing = '{}', failing_since = 0, probes = 0, next_try = 0, turn = turn + 1 WHERE name = %(name)s

-- name: move
-- Onward or back.
UPDATE desk.hook SET position = %(position)s, turn = turn + 1 WHERE name = %(name)s

-- name: drop_after
-- What is delivered anew need not be tried again.
DELETE FROM desk.hook_retry WHERE hook = %(name)s AND position > %(position)s
