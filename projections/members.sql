-- name: create
-- Who stands on which list, since when, and how they came: what counts and pages read.
CREATE TABLE {schema}.membership (
    subscriber uuid NOT NULL, list integer NOT NULL, run integer NOT NULL, joined_at bigint NOT NULL, how text NOT NULL)

-- name: index
-- Made over the rows of a rebuild once they are there.
ALTER TABLE {schema}.membership ADD PRIMARY KEY (subscriber, list);
CREATE INDEX membership_list ON {schema}.membership (list)

-- name: leave
-- Leavings of a batch, net of joinings.
DELETE FROM {schema}.membership m USING unnest(%(subscribers)s::uuid[], %(lists)s::integer[]) AS gone (subscriber, list)
WHERE m.subscriber = gone.subscriber AND m.list = gone.list

-- name: join
-- Joinings of a batch, net of leavings.
INSERT INTO {schema}.membership (subscriber, list, run, joined_at, how)
SELECT * FROM unnest(%(subscribers)s::uuid[], %(lists)s::integer[], %(runs)s::integer[], %(ats)s::bigint[], %(hows)s::text[])
ON CONFLICT (subscriber, list) DO UPDATE SET run = excluded.run, joined_at = excluded.joined_at, how = excluded.how

-- name: erase
-- An erased person stands nowhere.
DELETE FROM {schema}.membership WHERE subscriber = ANY(%(subscribers)s)

-- name: of_list
-- Who stands on a list, in the order in which they joined: read by a cursor, since a list may hold everybody.
SELECT subscriber FROM {schema}.membership WHERE list = %(list)s ORDER BY joined_at, subscriber

-- name: on_lists
-- How many people stand on any of these lists, each counted once.
SELECT count(DISTINCT subscriber) FROM {schema}.membership WHERE list = ANY(%(lists)s::integer[])

-- name: counts
-- How many stand on each list.
SELECT list, count(*) FROM {schema}.membership GROUP BY list
