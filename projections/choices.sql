-- name: create
-- What each person has chosen to receive: a theme or a type of content a row.
CREATE TABLE {schema}.chosen (subscriber uuid NOT NULL, kind text NOT NULL, code text NOT NULL);
-- Who agrees to be measured, and since when (ms).
CREATE TABLE {schema}.measured (subscriber uuid NOT NULL, since bigint NOT NULL)

-- name: index
-- Made over the rows of a rebuild once they are there.
ALTER TABLE {schema}.chosen ADD PRIMARY KEY (subscriber, kind, code);
ALTER TABLE {schema}.measured ADD PRIMARY KEY (subscriber)

-- name: forget
-- A new choice takes the place of the one before; an erased person has none.
DELETE FROM {schema}.chosen WHERE subscriber = ANY(%(subscribers)s::uuid[])

-- name: choose
-- The last choices of a batch.
INSERT INTO {schema}.chosen (subscriber, kind, code)
SELECT * FROM unnest(%(subscribers)s::uuid[], %(kinds)s::text[], %(codes)s::text[])

-- name: holders
-- How many people hold each; for a publication, which nobody waits for.
SELECT kind, code, count(*) FROM {schema}.chosen GROUP BY kind, code

-- name: forget_measured
-- Before what is so now is written, if anything.
DELETE FROM {schema}.measured WHERE subscriber = ANY(%(subscribers)s::uuid[])

-- name: measure
-- Who took it back has no row.
INSERT INTO {schema}.measured (subscriber, since)
SELECT * FROM unnest(%(subscribers)s::uuid[], %(since)s::bigint[]) AS agreed (subscriber, since) WHERE since > 0

-- name: measured
-- A page of them, by id.
SELECT subscriber::text, since FROM {schema}.measured WHERE subscriber > %(after)s::uuid ORDER BY subscriber LIMIT %(most)s
