-- name: create
-- What became of letters, by provider and day (since 1970-01-01, UTC): see engine/delivery/figures.py.
CREATE TABLE {schema}.day_count (provider text NOT NULL, day integer NOT NULL, what text NOT NULL, n bigint NOT NULL);
-- Letters that were put off and not begun again since. One whose reader has left its list meanwhile is due no more, and counts for a day yet.
CREATE TABLE {schema}.put_off (
    message text NOT NULL, subscriber uuid NOT NULL, provider text NOT NULL, at bigint NOT NULL, retry_at bigint NOT NULL, code integer NOT NULL,
    enhanced text NOT NULL, why text NOT NULL);
-- Who is known and never to be written to, and why.
CREATE TABLE {schema}.suppressed (subscriber uuid NOT NULL, reason text NOT NULL)

-- name: index
-- Made over the rows of a rebuild once they are there. A rebuild counts some people at a time: what it counted is added up first.
CREATE TABLE {schema}.added AS SELECT provider, day, what, sum(n)::bigint AS n FROM {schema}.day_count GROUP BY provider, day, what;
TRUNCATE {schema}.day_count;
INSERT INTO {schema}.day_count SELECT * FROM {schema}.added;
DROP TABLE {schema}.added;
ALTER TABLE {schema}.day_count SET (fillfactor = 50);
ALTER TABLE {schema}.day_count ADD PRIMARY KEY (day, provider, what);
ALTER TABLE {schema}.put_off ADD PRIMARY KEY (message);
ALTER TABLE {schema}.suppressed ADD PRIMARY KEY (subscriber)

-- name: count
-- What a batch adds.
INSERT INTO {schema}.day_count AS known (provider, day, what, n)
SELECT * FROM unnest(%(providers)s::text[], %(days)s::integer[], %(whats)s::text[], %(n)s::bigint[])
ON CONFLICT (day, provider, what) DO UPDATE SET n = known.n + excluded.n

-- name: put_off
-- What a batch leaves waiting.
INSERT INTO {schema}.put_off AS known (message, subscriber, provider, at, retry_at, code, enhanced, why)
SELECT * FROM unnest(%(messages)s::text[], %(subscribers)s::uuid[], %(providers)s::text[], %(ats)s::bigint[], %(retry_ats)s::bigint[],
    %(codes)s::integer[], %(enhanced)s::text[], %(whys)s::text[])
ON CONFLICT (message) DO UPDATE SET provider = excluded.provider, at = excluded.at, retry_at = excluded.retry_at, code = excluded.code,
    enhanced = excluded.enhanced, why = excluded.why

-- name: over
-- Begun again, or withheld.
DELETE FROM {schema}.put_off WHERE message = ANY(%(messages)s)

-- name: stop
-- Nothing waits for who withdrew, is suppressed or erased.
DELETE FROM {schema}.put_off WHERE subscriber = ANY(%(subscribers)s)

-- name: suppress
-- Whatever they were suppressed for before.
INSERT INTO {schema}.suppressed (subscriber, reason) SELECT * FROM unnest(%(subscribers)s::uuid[], %(reasons)s::text[])
ON CONFLICT (subscriber) DO UPDATE SET reason = excluded.reason

-- name: bounce
-- A dead address adds nothing to what somebody is suppressed for already.
INSERT INTO {schema}.suppressed (subscriber, reason) SELECT subscriber, 'bounced' FROM unnest(%(subscribers)s::uuid[]) AS dead (subscriber)
ON CONFLICT (subscriber) DO NOTHING

-- name: reachable
-- Written to again, or erased.
DELETE FROM {schema}.suppressed WHERE subscriber = ANY(%(subscribers)s)

-- name: suppressed
-- By reason.
SELECT reason, count(*) FROM {schema}.suppressed GROUP BY reason ORDER BY 2 DESC, 1

-- name: waiting
-- What waits to be tried again, by the answer that put it off, the one given last first; what has been due for long is due no more.
SELECT provider, code, enhanced, why, count(*), max(at), min(retry_at) FROM {schema}.put_off WHERE retry_at >= %(since)s
GROUP BY provider, code, enhanced, why ORDER BY max(at) DESC, provider, code, enhanced, why

-- name: ever
-- Of all days: a few dozen rows a day for as long as anything was sent.
SELECT provider, what, sum(n)::bigint FROM {schema}.day_count GROUP BY provider, what ORDER BY provider, what

-- name: by_day
-- From a day on.
SELECT provider, day, what, n FROM {schema}.day_count WHERE day >= %(since)s ORDER BY day, provider, what
