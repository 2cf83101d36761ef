-- name: create
-- What each person has chosen to receive: a theme or a type of content a row.
CREATE TABLE {schema}.chosen (subscriber uuid NOT NULL, kind text NOT NULL, code text NOT NULL)

-- name: index
-- Made over the rows of a rebuild once they are there.
ALTER TABLE {schema}.chosen ADD PRIMARY KEY (subscriber, kind, code)

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
