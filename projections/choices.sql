-- name: create
-- What each person has chosen to receive: a theme or a type of content a row.
CREATE TABLE {schema}.chosen (subscriber uuid NOT NULL, kind text NOT NULL, code text NOT NULL);
-- Who agrees to be measured, and since when (ms).
CREATE TABLE {schema}.measured (subscriber uuid NOT NULL, since bigint NOT NULL);
-- Whom a form has asked to confirm and who has not yet, and of each form and week how many it asked and how many of them confirmed.
CREATE TABLE {schema}.asked (subscriber uuid NOT NULL, purpose text NOT NULL, form text NOT NULL, week integer NOT NULL);
CREATE TABLE {schema}.form_week (form text NOT NULL, week integer NOT NULL, asked bigint NOT NULL, confirmed bigint NOT NULL)

-- name: index
-- Made over the rows of a rebuild once they are there. A rebuild counts some people at a time: what it counted is added up first.
ALTER TABLE {schema}.chosen ADD PRIMARY KEY (subscriber, kind, code);
ALTER TABLE {schema}.measured ADD PRIMARY KEY (subscriber);
ALTER TABLE {schema}.asked ADD PRIMARY KEY (subscriber, purpose);
CREATE TABLE {schema}.added AS SELECT form, week, sum(asked)::bigint AS asked, sum(confirmed)::bigint AS confirmed FROM {schema}.form_week
    GROUP BY form, week;
TRUNCATE {schema}.form_week;
INSERT INTO {schema}.form_week SELECT * FROM {schema}.added;
DROP TABLE {schema}.added;
ALTER TABLE {schema}.form_week ADD PRIMARY KEY (form, week)

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

-- name: waiting
-- Of the people of a batch, what they were asked and have not confirmed.
SELECT subscriber::text, purpose, form, week FROM {schema}.asked WHERE subscriber = ANY(%(subscribers)s::uuid[])

-- name: answered
-- Before what still waits is written again, if anything.
DELETE FROM {schema}.asked WHERE subscriber = ANY(%(subscribers)s::uuid[])

-- name: ask
-- What waits for a confirmation after a batch.
INSERT INTO {schema}.asked (subscriber, purpose, form, week)
SELECT * FROM unnest(%(subscribers)s::uuid[], %(purposes)s::text[], %(forms)s::text[], %(weeks)s::integer[])

-- name: count_forms
-- What a batch adds.
INSERT INTO {schema}.form_week AS known (form, week, asked, confirmed)
SELECT * FROM unnest(%(forms)s::text[], %(weeks)s::integer[], %(asked)s::bigint[], %(confirmed)s::bigint[])
ON CONFLICT (form, week) DO UPDATE SET asked = known.asked + excluded.asked, confirmed = known.confirmed + excluded.confirmed

-- name: form_weeks
-- Of every form, since a Monday (days since 1970-01-01).
SELECT form, week, asked, confirmed FROM {schema}.form_week WHERE week >= %(since)s
