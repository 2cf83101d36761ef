-- name: create
-- Who stands on which list, since when, and how they came (of an answer: from where, by which letter and words): what counts and pages read. `standing`
-- is how many do; `transition` how many went which way on a day (members.py).
CREATE TABLE {schema}.membership (
    subscriber uuid NOT NULL, list integer NOT NULL, run integer NOT NULL, joined_at bigint NOT NULL, how text NOT NULL, source integer NOT NULL,
    question text NOT NULL, label text NOT NULL);
CREATE TABLE {schema}.standing (list integer NOT NULL, people bigint NOT NULL);
CREATE TABLE {schema}.transition (
    day integer NOT NULL, source integer NOT NULL, target integer NOT NULL, kind text NOT NULL, question text NOT NULL, label text NOT NULL,
    n bigint NOT NULL)

-- name: index
-- Made over the rows of a rebuild once they are there. A rebuild counts some people at a time: what it counted is added up first.
ALTER TABLE {schema}.membership ADD PRIMARY KEY (subscriber, list);
CREATE INDEX membership_list ON {schema}.membership (list, joined_at, subscriber);
CREATE TABLE {schema}.added AS SELECT list, sum(people)::bigint AS people FROM {schema}.standing GROUP BY list;
TRUNCATE {schema}.standing;
INSERT INTO {schema}.standing SELECT * FROM {schema}.added;
DROP TABLE {schema}.added;
ALTER TABLE {schema}.standing SET (fillfactor = 50);
ALTER TABLE {schema}.standing ADD PRIMARY KEY (list);
CREATE TABLE {schema}.added AS
    SELECT day, source, target, kind, question, label, sum(n)::bigint AS n FROM {schema}.transition
    GROUP BY day, source, target, kind, question, label HAVING sum(n) <> 0;
TRUNCATE {schema}.transition;
INSERT INTO {schema}.transition SELECT * FROM {schema}.added;
DROP TABLE {schema}.added;
ALTER TABLE {schema}.transition SET (fillfactor = 70);
ALTER TABLE {schema}.transition ADD PRIMARY KEY (day, source, target, kind, question, label)

-- name: leave
-- Leavings of a batch, net of joinings.
WITH gone AS (
    DELETE FROM {schema}.membership m USING unnest(%(subscribers)s::uuid[], %(lists)s::integer[]) AS gone (subscriber, list)
    WHERE m.subscriber = gone.subscriber AND m.list = gone.list RETURNING m.list)
INSERT INTO {schema}.standing AS known SELECT list, -count(*) FROM gone GROUP BY list
ON CONFLICT (list) DO UPDATE SET people = known.people + excluded.people

-- name: join
-- Joinings of a batch, net of leavings. Only who did not stand there already is counted: `xmax` of a new row is 0.
WITH come AS (
    INSERT INTO {schema}.membership (subscriber, list, run, joined_at, how, source, question, label)
    SELECT * FROM unnest(%(subscribers)s::uuid[], %(lists)s::integer[], %(runs)s::integer[], %(ats)s::bigint[], %(hows)s::text[], %(sources)s::integer[],
        %(questions)s::text[], %(labels)s::text[])
    ON CONFLICT (subscriber, list) DO UPDATE SET run = excluded.run, joined_at = excluded.joined_at, how = excluded.how, source = excluded.source,
        question = excluded.question, label = excluded.label
    RETURNING list, xmax = 0 AS new)
INSERT INTO {schema}.standing AS known SELECT list, count(*) FROM come WHERE new GROUP BY list
ON CONFLICT (list) DO UPDATE SET people = known.people + excluded.people

-- name: erase
-- An erased person stands nowhere.
WITH gone AS (DELETE FROM {schema}.membership WHERE subscriber = ANY(%(subscribers)s) RETURNING list)
INSERT INTO {schema}.standing AS known SELECT list, -count(*) FROM gone GROUP BY list
ON CONFLICT (list) DO UPDATE SET people = known.people + excluded.people

-- name: clear_standing
-- A list on which nobody stands has no row: a replay never made one.
DELETE FROM {schema}.standing WHERE people = 0

-- name: stood
-- How people came to stand where a move led that is taken back.
SELECT m.subscriber, m.list, m.run, m.joined_at, m.how, m.source, m.question, m.label FROM {schema}.membership m
JOIN unnest(%(subscribers)s::uuid[], %(lists)s::integer[]) AS undone (subscriber, list) ON m.subscriber = undone.subscriber AND m.list = undone.list

-- name: count
-- What a batch adds to the ways, or takes away.
INSERT INTO {schema}.transition AS known
SELECT * FROM unnest(%(days)s::integer[], %(sources)s::integer[], %(targets)s::integer[], %(kinds)s::text[], %(questions)s::text[], %(labels)s::text[],
    %(n)s::bigint[])
ON CONFLICT (day, source, target, kind, question, label) DO UPDATE SET n = known.n + excluded.n

-- name: clear_transitions
-- A way that nobody went after all is none.
DELETE FROM {schema}.transition WHERE n = 0

-- name: of_list
-- Who stands on a list, in the order in which they joined: read by a cursor, since a list may hold everybody.
SELECT subscriber FROM {schema}.membership WHERE list = %(list)s ORDER BY joined_at, subscriber

-- name: on_lists
-- How many people stand on any of these lists, each counted once.
SELECT count(DISTINCT subscriber) FROM {schema}.membership WHERE list = ANY(%(lists)s::integer[])

-- name: counts
-- How many stand on each list.
SELECT list, people FROM {schema}.standing

-- name: transitions
-- How many went which way since a day, to or from some lists.
SELECT source, target, kind, question, label, sum(n)::bigint FROM {schema}.transition
WHERE day >= %(since)s AND (source = ANY(%(lists)s::integer[]) OR target = ANY(%(lists)s::integer[]))
GROUP BY source, target, kind, question, label

-- name: came
-- A page of who stands on a list and came since an instant, the latest first: by one way, or ('' in `how`) by any.
SELECT subscriber, joined_at, how, source, label FROM {schema}.membership
WHERE list = %(list)s AND joined_at >= %(since)s AND (joined_at, subscriber) < (%(before)s, %(before_subscriber)s::uuid)
    AND (%(how)s = '' OR how = %(how)s AND (source = %(source)s OR %(source)s = 0) AND question = %(question)s
        AND (label = %(label)s OR %(label)s = ''))
ORDER BY joined_at DESC, subscriber DESC LIMIT %(limit)s
