-- name: create
-- One row per letter ever begun, or withheld before that (its `message` is then no message id, its edition 0): for an author's questions ("asked, yes,
-- no, silent") and for finding whose message it is.
CREATE TABLE {schema}.letter (
    message text NOT NULL, subscriber uuid NOT NULL, position bigint NOT NULL, key text NOT NULL, letter text NOT NULL, list integer NOT NULL,
    run integer NOT NULL, kind text NOT NULL, edition integer NOT NULL, status text NOT NULL, at bigint NOT NULL, link integer NOT NULL DEFAULT -1,
    act text NOT NULL DEFAULT '');
CREATE TABLE {schema}.answer (message text NOT NULL, link integer NOT NULL, act text NOT NULL, moved boolean NOT NULL, at bigint NOT NULL)

-- name: index
-- Made over the rows of a rebuild once they are there. A new letter gets room for its outcome on the same page: then no index is written with it.
ALTER TABLE {schema}.letter SET (fillfactor = 50);
ALTER TABLE {schema}.letter ADD PRIMARY KEY (message);
CREATE INDEX letter_of ON {schema}.letter (letter, key);
CREATE INDEX letter_subscriber ON {schema}.letter (subscriber);
ALTER TABLE {schema}.answer ADD PRIMARY KEY (message, link)

-- name: begun
-- A second attempt carries the same message id: the first position stays, the status begins anew.
INSERT INTO {schema}.letter (message, subscriber, position, key, letter, list, run, kind, edition, status, at)
SELECT * FROM unnest(%(messages)s::text[], %(subscribers)s::uuid[], %(positions)s::bigint[], %(keys)s::text[], %(letters)s::text[], %(lists)s::integer[],
    %(runs)s::integer[], %(kinds)s::text[], %(editions)s::integer[], %(statuses)s::text[], %(ats)s::bigint[])
ON CONFLICT (message) DO UPDATE SET status = excluded.status, at = excluded.at

-- name: outcome
-- What became of them, all at once.
UPDATE {schema}.letter l SET status = o.status, at = o.at FROM unnest(%(messages)s::text[], %(statuses)s::text[], %(ats)s::bigint[]) AS o (message, status, at)
WHERE l.message = o.message

-- name: answered
-- The last answer stands; an undo takes it away (link -1).
UPDATE {schema}.letter l SET link = a.link, act = a.act FROM unnest(%(messages)s::text[], %(links)s::integer[], %(acts)s::text[]) AS a (message, link, act)
WHERE l.message = a.message

-- name: undone
-- A move taken back was no answer after all; what was copied stays.
DELETE FROM {schema}.answer WHERE message = ANY(%(messages)s) AND moved

-- name: given
-- Each link that was chosen in a letter, and when last: of moves the latest holds, copies are independent.
INSERT INTO {schema}.answer AS known (message, link, act, moved, at)
SELECT * FROM unnest(%(messages)s::text[], %(links)s::integer[], %(acts)s::text[], %(moved)s::boolean[], %(ats)s::bigint[])
ON CONFLICT (message, link) DO UPDATE SET act = excluded.act, moved = known.moved OR excluded.moved, at = excluded.at

-- name: tally
-- An author's question: what became of a letter, and which link was chosen, robots apart.
SELECT split_part(key, '/', 1), letter, status, link, count(*), count(*) FILTER (WHERE act = 'auto_submit') FROM {schema}.letter
WHERE (split_part(key, '/', 1), letter) IN (SELECT * FROM unnest(%(keys)s::text[], %(letters)s::text[])) GROUP BY 1, 2, 3, 4

-- name: outcomes
-- What became of one mailing, for whoever has just sent it.
SELECT status, count(*) FROM {schema}.letter WHERE letter = %(letter)s AND key = %(key)s GROUP BY status

-- name: in_doubt
-- What an operator has to settle.
SELECT message, subscriber, letter, at FROM {schema}.letter WHERE status = 'doubt' ORDER BY at LIMIT 1000

-- name: of_message
-- An auditor's question: whose letter has this Message-ID, and where it was first begun.
SELECT subscriber, position FROM {schema}.letter WHERE message = %(message)s
