-- name: create
-- `fold` is each person's state with its version, packed; `agenda` one row per open matter with its next act. due 0 = nothing to do.
-- `timezone` and `traits` are what segments are built from, set-wise: `null` while none is published. `zone`: every zone there is or was.
CREATE TABLE {schema}.fold (
    subscriber uuid NOT NULL, version bigint NOT NULL, state bytea NOT NULL, timezone text NOT NULL, traits jsonb NOT NULL);
CREATE TABLE {schema}.zone (timezone text PRIMARY KEY);
CREATE TABLE {schema}.agenda (
    subscriber uuid NOT NULL, key text NOT NULL, kind text NOT NULL, letter text NOT NULL, due bigint NOT NULL, planned bigint NOT NULL,
    list integer NOT NULL, run integer NOT NULL, why text NOT NULL);
CREATE TABLE {schema}.stale (subscriber uuid PRIMARY KEY);
CREATE TABLE {schema}.aside (subscriber uuid PRIMARY KEY, position bigint NOT NULL, why text NOT NULL);
-- Who is in a segment that reads the ledger alone, and when (ms) time alone may change which of them somebody is in, or sooner.
CREATE TABLE {schema}.segment_member (segment text NOT NULL, subscriber uuid NOT NULL);
CREATE TABLE {schema}.segment_look (subscriber uuid PRIMARY KEY, look bigint NOT NULL);
CREATE TABLE {schema}.segment_built (segment text PRIMARY KEY, definition text NOT NULL);
-- Mailings to segments that have fallen due, whose people are still to be found.
CREATE TABLE {schema}.choosing (key text PRIMARY KEY)

-- name: index
-- Made over the rows of a rebuild once they are there. Room for the next version of a row on its own page: then no index is written with it.
ALTER TABLE {schema}.fold SET (fillfactor = 70);
ALTER TABLE {schema}.agenda SET (fillfactor = 50);
ALTER TABLE {schema}.fold ADD PRIMARY KEY (subscriber);
INSERT INTO {schema}.zone SELECT DISTINCT timezone FROM {schema}.fold;
ALTER TABLE {schema}.agenda ADD PRIMARY KEY (subscriber, key);
CREATE INDEX agenda_due ON {schema}.agenda (due, subscriber) WHERE due > 0;
ALTER TABLE {schema}.segment_member ADD PRIMARY KEY (subscriber, segment);
CREATE INDEX segment_member_by_segment ON {schema}.segment_member (segment);
CREATE INDEX segment_look_due ON {schema}.segment_look (look);
CREATE INDEX agenda_right ON {schema}.agenda (planned) WHERE kind = 'right';
CREATE INDEX agenda_held_back ON {schema}.agenda (list) WHERE kind = 'letter' AND why = 'pressure';
CREATE INDEX agenda_withheld ON {schema}.agenda (letter, subscriber, key) WHERE kind = 'withheld'

-- name: index_lists
-- Only while a list is paused is the agenda taken from list by list, and only then is this worth what it costs with every claim and every outcome.
CREATE INDEX IF NOT EXISTS agenda_list ON {schema}.agenda (list, due, subscriber) WHERE due > 0

-- name: forget_lists
-- No list is paused any more.
DROP INDEX IF EXISTS {schema}.agenda_list

-- name: folds
-- The people a batch touches, as they stood before it.
SELECT subscriber::text, state FROM {schema}.fold WHERE subscriber = ANY(%(subscribers)s)

-- name: every_fold
-- Everybody, for a segment that is held against each person's own answer; read through a server-side cursor.
SELECT subscriber::text, state FROM {schema}.fold

-- name: count_folds
-- How many there are, for the progress of whoever asks everybody.
SELECT count(*) FROM {schema}.fold

-- name: put_folds
-- All touched people in one statement. Of whoever has traits already those come that have changed, if any.
INSERT INTO {schema}.fold AS stood (subscriber, version, state, timezone, traits)
SELECT subscriber, version, state, timezone, traits::jsonb
FROM unnest(%(subscribers)s::uuid[], %(versions)s::bigint[], %(states)s::bytea[], %(zones)s::text[], %(traits)s::text[])
    AS put (subscriber, version, state, timezone, traits)
ON CONFLICT (subscriber) DO UPDATE
SET version = excluded.version, state = excluded.state, timezone = excluded.timezone, traits = CASE
    WHEN excluded.traits = '{}' THEN stood.traits
    WHEN stood.traits = 'null' OR excluded.traits = 'null' THEN excluded.traits
    ELSE stood.traits || excluded.traits END

-- name: put_zones
-- Mostly there already, and then not asked.
INSERT INTO {schema}.zone SELECT * FROM unnest(%(zones)s::text[]) ON CONFLICT DO NOTHING

-- name: standing
-- Which rows these people have.
SELECT subscriber::text, key FROM {schema}.agenda WHERE subscriber = ANY(%(subscribers)s)

-- name: put_rows
-- New and changed rows in one statement; one that says the same already is left alone.
INSERT INTO {schema}.agenda AS stood (subscriber, key, kind, letter, due, planned, list, run, why)
SELECT * FROM unnest(%(subscribers)s::uuid[], %(keys)s::text[], %(kinds)s::text[], %(letters)s::text[], %(dues)s::bigint[],
    %(planned)s::bigint[], %(lists)s::integer[], %(runs)s::integer[], %(whys)s::text[])
ON CONFLICT (subscriber, key) DO UPDATE SET kind = excluded.kind, letter = excluded.letter, due = excluded.due, planned = excluded.planned,
    list = excluded.list, run = excluded.run, why = excluded.why
WHERE (stood.kind, stood.letter, stood.due, stood.planned, stood.list, stood.run, stood.why)
    IS DISTINCT FROM (excluded.kind, excluded.letter, excluded.due, excluded.planned, excluded.list, excluded.run, excluded.why)

-- name: remove_rows
-- Matters that are closed.
DELETE FROM {schema}.agenda a USING unnest(%(subscribers)s::uuid[], %(keys)s::text[]) AS gone (subscriber, key)
WHERE a.subscriber = gone.subscriber AND a.key = gone.key

-- name: mark_stale
-- A publication changes when others are due: whoever stands on a changed list is computed again, in pieces.
-- It reads the whole agenda, once a publication: an index on `list` would cost with every claim and every outcome.
INSERT INTO {schema}.stale (subscriber) SELECT DISTINCT subscriber FROM {schema}.agenda
WHERE list = ANY(%(lists)s) OR split_part(key, '/', 1) = ANY(%(mailings)s) ON CONFLICT DO NOTHING

-- name: some_stale
-- A piece of that work.
DELETE FROM {schema}.stale WHERE subscriber IN (SELECT subscriber FROM {schema}.stale LIMIT %(limit)s) RETURNING subscriber::text

-- name: notify_due
-- Senders in other processes take what has become due by it at once.
NOTIFY agenda_due

-- name: quarantined
-- Of whom nothing can be made, at which of their facts, and why: for the screen.
SELECT subscriber::text, position, why FROM {schema}.aside ORDER BY position DESC, subscriber LIMIT %(limit)s

-- name: why_quarantined
-- Of one person, for their story.
SELECT why FROM {schema}.aside WHERE subscriber = %(subscriber)s

-- name: all_quarantined
-- Whose later facts are not to be put on top of nothing.
SELECT subscriber::text FROM {schema}.aside

-- name: some_quarantined
-- A piece of those who are tried again.
SELECT subscriber::text FROM {schema}.aside WHERE subscriber > %(after)s::uuid ORDER BY subscriber LIMIT %(limit)s

-- name: quarantine
-- One that says the same already is left alone.
INSERT INTO {schema}.aside AS stood (subscriber, position, why) SELECT * FROM unnest(%(subscribers)s::uuid[], %(positions)s::bigint[], %(whys)s::text[])
ON CONFLICT (subscriber) DO UPDATE SET position = excluded.position, why = excluded.why
WHERE (stood.position, stood.why) IS DISTINCT FROM (excluded.position, excluded.why)

-- name: without_fold
-- Whoever is set aside is as if never seen: neither decided about on an old fold nor written to.
DELETE FROM {schema}.fold WHERE subscriber = ANY(%(subscribers)s)

-- name: without_rows
-- The same for what was due.
DELETE FROM {schema}.agenda WHERE subscriber = ANY(%(subscribers)s)

-- name: come_back
-- They can be taken again.
DELETE FROM {schema}.aside WHERE subscriber = ANY(%(subscribers)s)

-- name: cohorts
-- People who stand at the same letter of a list on the same day (of UTC), and one of them to stand for all: the most numerous first. It reads the whole agenda.
SELECT min(subscriber::text), list, count(*) FROM {schema}.agenda WHERE due > 0 AND key = 'list:' || list AND kind <> 'settle'
GROUP BY list, kind, letter, due / 86400000 ORDER BY 3 DESC, 2, 1 LIMIT %(most)s

-- name: due_between
-- What falls due in spans that follow each other, for `lists`, `resume` and the screen: by list, 0 for requests, -1 for mailings that no list brings.
-- `after` are the instants (ms) at which a span is over, all but the last: in which span a row falls is counted in the same pass.
SELECT CASE WHEN list = 0 AND starts_with(key, 'broadcast:') THEN -1 ELSE list END AS place, kind, width_bucket(due, %(after)s::bigint[]) AS span, count(*)
FROM {schema}.agenda WHERE due > 0 AND due <= %(upto)s GROUP BY place, kind, span

-- name: next_due
-- When there is something to do again, so that the sender can sleep until then.
SELECT min(due) FROM {schema}.agenda WHERE due > %(now)s

-- name: next_due_beside_pauses
-- The same where lists are paused, whatever they have due: the others are found by hopping from one to the next.
WITH RECURSIVE lists (list) AS (
    (SELECT list FROM {schema}.agenda WHERE due > 0 ORDER BY list LIMIT 1)
    UNION ALL
    SELECT (SELECT a.list FROM {schema}.agenda a WHERE a.due > 0 AND a.list > lists.list ORDER BY a.list LIMIT 1) FROM lists WHERE lists.list IS NOT NULL)
SELECT min((SELECT a.due FROM {schema}.agenda a WHERE a.list = lists.list AND a.due > 0 ORDER BY a.list, a.due LIMIT 1))
FROM lists WHERE lists.list <> ALL(%(paused)s)

-- name: due_of
-- How many letters of one mailing are still to leave by an instant, and whose agenda has yet to be looked at.
SELECT (SELECT count(*) FROM {schema}.agenda WHERE due > 0 AND due <= %(now)s AND key = %(key)s AND kind = 'letter')
    + (SELECT count(*) FROM {schema}.stale)

-- name: of_person
-- One person's open matters.
SELECT key, kind, letter, due, why FROM {schema}.agenda WHERE subscriber = %(subscriber)s ORDER BY due

-- name: open_rights
-- Rights that were asked for and wait for an answer, the most urgent first. Few at any time: they have an index of their own.
SELECT subscriber, key, letter, planned FROM {schema}.agenda WHERE kind = 'right' ORDER BY planned, subscriber LIMIT %(limit)s

-- name: withheld
-- Letters that wait for somebody to mend what withheld them: by list or mailing, letter and cause, from how many people. They have an index of their own.
SELECT split_part(replace(key, 'withheld:', ''), '/', 1), list, letter, why, count(*) FROM {schema}.agenda WHERE kind = 'withheld'
GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 3, 4

-- name: held_back
-- Letters that wait for room under a cap, by list. They have an index of their own.
SELECT list, count(*) FROM {schema}.agenda WHERE kind = 'letter' AND why = 'pressure' GROUP BY list

-- name: withheld_from
-- Whom they are withheld from, a page at a time.
SELECT subscriber::text, key, letter FROM {schema}.agenda WHERE kind = 'withheld' AND (%(letter)s = '' OR letter = %(letter)s)
AND (letter, subscriber, key) > (%(after_letter)s, %(after)s::uuid, %(after_key)s) ORDER BY letter, subscriber, key LIMIT %(limit)s
