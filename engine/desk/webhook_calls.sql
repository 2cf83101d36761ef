-- name: keep
-- A log waits for no disk: the facts are in the ledger, which was written before.
INSERT INTO desk.webhook_call (webhook, trust, refusal, facts, outcomes, subscribers)
SELECT %(webhook)s, %(trust)s, %(refusal)s, %(facts)s::text[], %(outcomes)s::text[], %(subscribers)s::text[]
WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off'

-- name: keep_within
-- Those refused, and pings that nobody signed, are counted apart from the others: whoever makes calls up pushes out such ones alone. The call is added
-- to the totals of a monitor here, where the transaction ends: calls that come together wait for each other only as long as it takes to commit.
WITH counted AS (
    INSERT INTO desk.total AS known (name, label, n) VALUES (CASE WHEN %(refusal)s = '' THEN 'taken' ELSE 'refused' END, %(webhook)s, 1)
    ON CONFLICT (name, label) DO UPDATE SET n = known.n + 1)
DELETE FROM desk.webhook_call WHERE webhook = %(webhook)s AND (refusal <> '' OR trust = 'none') = %(anybodys)s AND id <= (
    SELECT id FROM desk.webhook_call WHERE webhook = %(webhook)s AND (refusal <> '' OR trust = 'none') = %(anybodys)s ORDER BY id DESC OFFSET %(most)s LIMIT 1)

-- name: recent
-- The newest first, a page at a time.
SELECT id, webhook, (extract(epoch FROM at) * 1000)::bigint, trust, refusal, facts, outcomes, subscribers FROM desk.webhook_call
WHERE (%(webhook)s::text IS NULL OR webhook = %(webhook)s) AND (%(before)s = 0 OR id < %(before)s)
    AND at >= to_timestamp(%(since)s / 1000.0) ORDER BY id DESC LIMIT %(limit)s

-- name: latest
-- The last call of each webhook, whatever came of it.
SELECT DISTINCT ON (webhook) id, webhook, (extract(epoch FROM at) * 1000)::bigint, trust, refusal, facts, outcomes, subscribers
FROM desk.webhook_call ORDER BY webhook, id DESC

-- name: refused_since
-- Of each webhook whose last calls were all refused, but for pings that nobody signed: the first of these and the last, and how many they are.
SELECT webhook, (extract(epoch FROM min(at)) * 1000)::bigint, (extract(epoch FROM max(at)) * 1000)::bigint, count(*) FROM desk.webhook_call c
WHERE refusal <> '' AND id > coalesce((SELECT max(id) FROM desk.webhook_call g WHERE g.webhook = c.webhook AND g.refusal = '' AND g.trust <> 'none'), 0)
GROUP BY webhook

-- name: forget
-- Long enough to see since when a shop has not been understood.
DELETE FROM desk.webhook_call WHERE at < statement_timestamp() - interval '90 days'
