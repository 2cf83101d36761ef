-- name: create
-- When each person was last heard of, last asked for consent, and asked whether to go on (0: not, or answered). Milliseconds of engine time.
CREATE TABLE {schema}.silence (
    subscriber uuid NOT NULL, heard_at bigint NOT NULL, requested_at bigint NOT NULL, asked_at bigint NOT NULL, expires_at bigint NOT NULL);
-- For which purposes nothing is written to somebody who was silent, and since when they were.
CREATE TABLE {schema}.stopped (subscriber uuid NOT NULL, purpose text NOT NULL, silent_since bigint NOT NULL)

-- name: index
-- Made over the rows of a rebuild once they are there. Each question of the night finds its people in its own order.
ALTER TABLE {schema}.silence ADD PRIMARY KEY (subscriber);
ALTER TABLE {schema}.stopped ADD PRIMARY KEY (subscriber, purpose);
CREATE INDEX silence_heard ON {schema}.silence (heard_at, subscriber) WHERE heard_at > 0 AND asked_at = 0;
CREATE INDEX silence_asked ON {schema}.silence (expires_at, subscriber) WHERE asked_at > 0;
CREATE INDEX silence_unconfirmed ON {schema}.silence (requested_at, subscriber) WHERE heard_at = 0 AND requested_at > 0

-- name: answer
-- A question is open until something was heard at or after it.
UPDATE {schema}.silence known SET asked_at = 0, expires_at = 0
FROM unnest(%(subscribers)s::uuid[], %(answered)s::bigint[]) AS told (subscriber, answered)
WHERE known.subscriber = told.subscriber AND known.asked_at > 0 AND told.answered >= known.asked_at

-- name: go_on
-- What was stopped because they were silent goes on once something is heard.
DELETE FROM {schema}.stopped known USING unnest(%(subscribers)s::uuid[], %(lifted)s::bigint[]) AS told (subscriber, lifted)
WHERE known.subscriber = told.subscriber AND told.lifted > known.silent_since

-- name: stop
-- What a batch has stopped.
INSERT INTO {schema}.stopped SELECT * FROM unnest(%(subscribers)s::uuid[], %(purposes)s::text[], %(silent_since)s::bigint[])
ON CONFLICT (subscriber, purpose) DO UPDATE SET silent_since = excluded.silent_since

-- name: stopped
-- How many people nothing is written to for a purpose.
SELECT purpose, count(*) FROM {schema}.stopped GROUP BY purpose

-- name: tell
-- What a batch tells, over what is known.
INSERT INTO {schema}.silence AS known (subscriber, heard_at, requested_at, asked_at, expires_at)
SELECT subscriber, heard, requested, asked, expires
FROM unnest(%(subscribers)s::uuid[], %(heard_at)s::bigint[], %(requested_at)s::bigint[], %(asked_at)s::bigint[], %(expires_at)s::bigint[])
AS told (subscriber, heard, requested, asked, expires)
ON CONFLICT (subscriber) DO UPDATE SET
    heard_at = greatest(known.heard_at, excluded.heard_at), requested_at = greatest(known.requested_at, excluded.requested_at),
    asked_at = CASE WHEN excluded.asked_at > 0 THEN excluded.asked_at ELSE known.asked_at END,
    expires_at = CASE WHEN excluded.asked_at > 0 THEN excluded.expires_at ELSE known.expires_at END

-- name: erase
-- An erased person is silent for good, and known no more.
WITH gone AS (DELETE FROM {schema}.stopped WHERE subscriber = ANY(%(subscribers)s))
DELETE FROM {schema}.silence WHERE subscriber = ANY(%(subscribers)s)

-- name: silent
-- Who was last heard of before an instant and has not been asked; the longest silent first.
SELECT subscriber, heard_at FROM {schema}.silence
WHERE heard_at > 0 AND asked_at = 0 AND heard_at <= %(upto)s ORDER BY heard_at, subscriber LIMIT %(limit)s

-- name: heard_before
-- The same, a page after an instant and a person.
SELECT subscriber, heard_at FROM {schema}.silence
WHERE heard_at > 0 AND asked_at = 0 AND heard_at <= %(upto)s AND (heard_at, subscriber) > (%(heard_at)s, %(subscriber)s::uuid)
ORDER BY heard_at, subscriber LIMIT %(limit)s

-- name: unanswered
-- Who was asked whether to go on, and whose time to answer is over.
SELECT subscriber, expires_at FROM {schema}.silence
WHERE asked_at > 0 AND expires_at <= %(upto)s ORDER BY expires_at, subscriber LIMIT %(limit)s

-- name: unconfirmed
-- Who was only ever asked to confirm, the last time before an instant.
SELECT subscriber, requested_at FROM {schema}.silence
WHERE heard_at = 0 AND requested_at > 0 AND requested_at <= %(upto)s ORDER BY requested_at, subscriber LIMIT %(limit)s

-- name: counted
-- How many of each are past these instants, and the oldest there is at all; for reports, which nobody waits for.
SELECT 'silent' AS rule, count(*) FILTER (WHERE heard_at <= %(silent)s), coalesce(min(heard_at), 0)
FROM {schema}.silence WHERE heard_at > 0 AND asked_at = 0
UNION ALL
SELECT 'unanswered', count(*) FILTER (WHERE expires_at <= %(unanswered)s), coalesce(min(expires_at), 0) FROM {schema}.silence WHERE asked_at > 0
UNION ALL
SELECT 'unconfirmed', count(*) FILTER (WHERE requested_at <= %(unconfirmed)s), coalesce(min(requested_at), 0)
FROM {schema}.silence WHERE heard_at = 0 AND requested_at > 0
