-- name: create
-- One row per letter ever begun, or withheld before that (its `message` is then no message id, its edition 0): for an author's questions ("asked, yes,
-- no, silent") and for finding whose message it is. The columns are explained in letter_rows.py; `tally` adds up what the rows come to (counters.py).
CREATE TABLE {schema}.letter (
    message text NOT NULL, subscriber uuid NOT NULL, position bigint NOT NULL, key text NOT NULL, letter text NOT NULL, list integer NOT NULL,
    run integer NOT NULL, kind text NOT NULL, edition integer NOT NULL, purpose text NOT NULL, week integer NOT NULL, version text NOT NULL,
    status text NOT NULL,
    at bigint NOT NULL, sent_at bigint NOT NULL DEFAULT 0, why text NOT NULL DEFAULT '', bounce text NOT NULL DEFAULT '',
    complained boolean NOT NULL DEFAULT false, unsubscribed boolean NOT NULL DEFAULT false, link integer NOT NULL DEFAULT -1,
    act text NOT NULL DEFAULT '');
CREATE TABLE {schema}.answer (
    message text NOT NULL, link integer NOT NULL, act text NOT NULL, moved boolean NOT NULL, at bigint NOT NULL, label text NOT NULL,
    target integer NOT NULL);
CREATE TABLE {schema}.purchase (
    "order" text NOT NULL, subscriber uuid NOT NULL, at bigint NOT NULL, after_letter text NOT NULL, after_act text NOT NULL, currency text NOT NULL, amount bigint NOT NULL,
    refunds integer NOT NULL, refunded bigint NOT NULL);
CREATE TABLE {schema}.tally (
    letter text NOT NULL, occurrence text NOT NULL, edition integer NOT NULL, list integer NOT NULL, purpose text NOT NULL, week integer NOT NULL,
    what text NOT NULL, detail text NOT NULL, n bigint NOT NULL, amount bigint NOT NULL);
CREATE TABLE {schema}.arrival (subscriber uuid NOT NULL, position bigint NOT NULL, week integer NOT NULL);
CREATE TABLE {schema}.cohort (joined integer NOT NULL, week integer NOT NULL, what text NOT NULL, n bigint NOT NULL)

-- name: index
-- Made over the rows of a rebuild once they are there. A new letter gets room for its outcome on the same page: then no index is written with it. A
-- rebuild counts some people at a time: what it counted is added up first.
CREATE TABLE {schema}.added AS
    SELECT letter, occurrence, edition, list, purpose, week, what, detail, sum(n)::bigint AS n, sum(amount)::bigint AS amount
    FROM {schema}.tally GROUP BY letter, occurrence, edition, list, purpose, week, what, detail;
TRUNCATE {schema}.tally;
INSERT INTO {schema}.tally SELECT * FROM {schema}.added;
DROP TABLE {schema}.added;
CREATE TABLE {schema}.added AS SELECT joined, week, what, sum(n)::bigint AS n FROM {schema}.cohort GROUP BY joined, week, what;
TRUNCATE {schema}.cohort;
INSERT INTO {schema}.cohort SELECT * FROM {schema}.added;
DROP TABLE {schema}.added;
ALTER TABLE {schema}.cohort SET (fillfactor = 50);
ALTER TABLE {schema}.cohort ADD PRIMARY KEY (joined, week, what);
ALTER TABLE {schema}.arrival ADD PRIMARY KEY (subscriber);
ALTER TABLE {schema}.tally SET (fillfactor = 70);
ALTER TABLE {schema}.tally ADD PRIMARY KEY (letter, occurrence, edition, list, purpose, week, what, detail);
ALTER TABLE {schema}.letter SET (fillfactor = 50);
ALTER TABLE {schema}.letter ADD PRIMARY KEY (message);
CREATE INDEX letter_of ON {schema}.letter (letter, key);
CREATE INDEX letter_subscriber ON {schema}.letter (subscriber);
ALTER TABLE {schema}.answer ADD PRIMARY KEY (message, link);
ALTER TABLE {schema}.purchase ADD PRIMARY KEY ("order");
CREATE INDEX purchase_letter ON {schema}.purchase (after_letter);
CREATE INDEX purchase_subscriber ON {schema}.purchase (subscriber)

-- name: known
-- What is known of letters that something has become of.
SELECT message, subscriber::text, position, key, letter, list, run, kind, edition, purpose, week, version, status, at, sent_at, why, bounce, complained, unsubscribed,
    link, act
FROM {schema}.letter WHERE message = ANY(%(messages)s)

-- name: recent
-- The letters that were accepted, or acted in, between two instants: whoever orders or complains may have had one of them.
SELECT l.message, l.subscriber::text, l.position, l.key, l.letter, l.list, l.run, l.kind, l.edition, l.purpose, l.week, l.version, l.status, l.at, l.sent_at, l.why, l.bounce,
    l.complained, l.unsubscribed, l.link, l.act
FROM unnest(%(subscribers)s::uuid[], %(since)s::bigint[], %(upto)s::bigint[]) AS p (subscriber, since, upto)
JOIN {schema}.letter l ON l.subscriber = p.subscriber
WHERE l.sent_at BETWEEN greatest(p.since, 1) AND p.upto
    OR EXISTS (SELECT FROM {schema}.answer a WHERE a.message = l.message AND a.at BETWEEN p.since AND p.upto)

-- name: answers_known
-- How those were answered.
SELECT message, link, act, moved, at, label, target FROM {schema}.answer WHERE message = ANY(%(messages)s)

-- name: purchases
-- Which letters an order counts for.
SELECT "order", subscriber::text, at, after_letter, after_act, currency, amount, refunds, refunded FROM {schema}.purchase WHERE "order" = ANY(%(orders)s)

-- name: begun
-- A letter's row is written once when it is begun; a second attempt carries the same message id and changes it.
INSERT INTO {schema}.letter
SELECT * FROM unnest(%(message)s::text[], %(subscriber)s::uuid[], %(position)s::bigint[], %(key)s::text[], %(letter)s::text[], %(list)s::integer[],
    %(run)s::integer[], %(kind)s::text[], %(edition)s::integer[], %(purpose)s::text[], %(week)s::integer[], %(version)s::text[], %(status)s::text[], %(at)s::bigint[],
    %(sent_at)s::bigint[], %(why)s::text[], %(bounce)s::text[], %(complained)s::boolean[], %(unsubscribed)s::boolean[], %(link)s::integer[],
    %(act)s::text[])

-- name: change
-- What became of them, all at once.
UPDATE {schema}.letter l SET status = c.status, at = c.at, sent_at = c.sent_at, why = c.why, bounce = c.bounce, complained = c.complained,
    unsubscribed = c.unsubscribed, link = c.link, act = c.act
FROM unnest(%(message)s::text[], %(status)s::text[], %(at)s::bigint[], %(sent_at)s::bigint[], %(why)s::text[], %(bounce)s::text[], %(complained)s::boolean[],
    %(unsubscribed)s::boolean[], %(link)s::integer[], %(act)s::text[])
    AS c (message, status, at, sent_at, why, bounce, complained, unsubscribed, link, act)
WHERE l.message = c.message

-- name: undone
-- A move taken back was no answer after all; what was copied stays.
DELETE FROM {schema}.answer a USING unnest(%(message)s::text[], %(link)s::integer[]) AS gone (message, link)
WHERE a.message = gone.message AND a.link = gone.link

-- name: given
-- Each link that was chosen in a letter, and when last: of moves the latest holds, copies are independent.
INSERT INTO {schema}.answer
SELECT * FROM unnest(%(message)s::text[], %(link)s::integer[], %(act)s::text[], %(moved)s::boolean[], %(at)s::bigint[], %(label)s::text[],
    %(target)s::integer[])
ON CONFLICT (message, link) DO UPDATE SET act = excluded.act, moved = excluded.moved, at = excluded.at, label = excluded.label, target = excluded.target

-- name: put_purchases
-- An order is recorded once; what is paid back of it comes later.
INSERT INTO {schema}.purchase
SELECT * FROM unnest(%(order)s::text[], %(subscriber)s::uuid[], %(at)s::bigint[], %(after_letter)s::text[], %(after_act)s::text[], %(currency)s::text[], %(amount)s::bigint[], %(refunds)s::integer[],
    %(refunded)s::bigint[])
ON CONFLICT ("order") DO UPDATE SET refunds = excluded.refunds, refunded = excluded.refunded

-- name: count
-- What a batch adds to the counters, or takes away.
INSERT INTO {schema}.tally AS known
SELECT * FROM unnest(%(letter)s::text[], %(occurrence)s::text[], %(edition)s::integer[], %(list)s::integer[], %(purpose)s::text[], %(week)s::integer[],
    %(what)s::text[], %(detail)s::text[], %(n)s::bigint[], %(amount)s::bigint[])
ON CONFLICT (letter, occurrence, edition, list, purpose, week, what, detail) DO UPDATE SET n = known.n + excluded.n, amount = known.amount + excluded.amount

-- name: clear
-- A counter that came to nothing is none: a replay never made it.
DELETE FROM {schema}.tally t USING unnest(%(letter)s::text[], %(occurrence)s::text[], %(edition)s::integer[], %(list)s::integer[], %(purpose)s::text[],
    %(week)s::integer[], %(what)s::text[], %(detail)s::text[]) AS c (letter, occurrence, edition, list, purpose, week, what, detail)
WHERE (t.letter, t.occurrence, t.edition, t.list, t.purpose, t.week, t.what, t.detail)
    = (c.letter, c.occurrence, c.edition, c.list, c.purpose, c.week, c.what, c.detail) AND t.n = 0

-- name: arrive
-- Who is on a list for the first time, and how many they are by week.
WITH new AS (
    INSERT INTO {schema}.arrival SELECT * FROM unnest(%(subscriber)s::uuid[], %(position)s::bigint[], %(week)s::integer[])
    ON CONFLICT (subscriber) DO NOTHING RETURNING week)
INSERT INTO {schema}.cohort AS known SELECT week, week, 'joined', count(*) FROM new GROUP BY week
ON CONFLICT (joined, week, what) DO UPDATE SET n = known.n + excluded.n

-- name: count_cohorts
-- What letters begun since they arrived come to, by the week of their arrival.
INSERT INTO {schema}.cohort AS known
SELECT a.week, c.week, c.what, sum(c.n)::bigint
FROM unnest(%(subscriber)s::uuid[], %(position)s::bigint[], %(week)s::integer[], %(what)s::text[], %(n)s::bigint[]) AS c (subscriber, position, week, what, n)
JOIN {schema}.arrival a ON a.subscriber = c.subscriber AND a.position < c.position
GROUP BY 1, 2, 3 HAVING sum(c.n) <> 0
ON CONFLICT (joined, week, what) DO UPDATE SET n = known.n + excluded.n

-- name: clear_cohorts
-- As of the counters.
DELETE FROM {schema}.cohort WHERE n = 0

-- name: arrivals
-- How those went on who arrived since the week of a Monday.
SELECT joined, week, what, n FROM {schema}.cohort WHERE joined >= %(since)s ORDER BY joined, week, what

-- name: counted
-- The counters of letters ("" in the list: all there are; of one list, or of any for 0), begun in weeks between two Mondays, added up over the weeks: a
-- year of a hundred letters has some seventy thousand rows, and a page shows a few.
SELECT letter, occurrence, list, purpose, 0, what, detail, sum(n)::bigint, sum(amount)::bigint FROM {schema}.tally
WHERE (letter = ANY(%(letters)s) OR '' = ANY(%(letters)s)) AND week BETWEEN %(since)s AND %(until)s AND %(list)s IN (0, list)
GROUP BY letter, occurrence, list, purpose, what, detail

-- name: counted_weeks
-- The same by week and added up over the letters, but for those of the engine's own, which begin with `own`.
SELECT '', '', 0, '', week, what, detail, sum(n)::bigint, sum(amount)::bigint FROM {schema}.tally
WHERE (letter = ANY(%(letters)s) OR '' = ANY(%(letters)s)) AND week BETWEEN %(since)s AND %(until)s AND %(list)s IN (0, list)
    AND NOT starts_with(letter, %(own)s)
GROUP BY week, what, detail

-- name: not_sent
-- Why letters were withheld since the week of a Monday, and how many; the most frequent reason first.
SELECT detail, sum(n)::bigint FROM {schema}.tally WHERE what = 'withheld' AND week >= %(since)s GROUP BY detail ORDER BY 2 DESC, 1

-- name: counted_by_edition
-- The same of one letter, by edition.
SELECT edition, letter, occurrence, list, purpose, week, what, detail, n, amount FROM {schema}.tally
WHERE letter = %(letter)s AND week BETWEEN %(since)s AND %(until)s ORDER BY edition

-- name: with_messages
-- How many of some messages each letter has.
SELECT split_part(key, '/', 1) || '/' || letter, count(*) FROM {schema}.letter WHERE message = ANY(%(messages)s) GROUP BY 1

-- name: arms
-- How a trial of a letter stands, by version: of the people who got it, or who were held out of it when it was their turn, how many answered, how many
-- ordered in the days after, and what (the currency in which there are most orders). Some people are asked about at most once a mailing.
SELECT t.version, count(*), count(*) FILTER (WHERE t.answered), count(*) FILTER (WHERE t.spent > 0), coalesce(sum(t.spent), 0)::bigint,
    coalesce(sum(t.spent::numeric * t.spent), 0)::bigint, coalesce(max(t.currency), '')
FROM (
    SELECT l.version, EXISTS (SELECT FROM {schema}.answer a WHERE a.message = l.message) AS answered, p.spent, c.currency
    FROM {schema}.letter l
    LEFT JOIN (SELECT currency FROM {schema}.purchase GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1) c ON true
    LEFT JOIN LATERAL (
        SELECT sum(p.amount - p.refunded)::bigint AS spent FROM {schema}.purchase p WHERE p.subscriber = l.subscriber AND p.currency = c.currency
            AND p.at BETWEEN CASE l.version WHEN 'holdout' THEN l.at ELSE l.sent_at END AND CASE l.version WHEN 'holdout' THEN l.at ELSE l.sent_at END + %(within)s
    ) p ON true
    WHERE l.letter = %(letter)s AND (l.key = %(key)s OR starts_with(l.key, %(key)s || '/')) AND l.version <> '' AND l.edition >= %(since)s
        AND (l.status = 'sent' OR l.version = 'holdout')
) t GROUP BY t.version ORDER BY t.version

-- name: outcomes
-- What became of one mailing, for whoever has just sent it.
SELECT detail, sum(n)::bigint FROM {schema}.tally WHERE letter = %(letter)s AND occurrence = %(occurrence)s AND what = 'became' GROUP BY detail

-- name: of_people
-- What became of letters among some people: how many of them each was accepted for, came back from, and so on.
SELECT split_part(l.key, '/', 1) || '/' || l.letter, count(DISTINCT l.subscriber) FILTER (WHERE l.sent_at > 0),
    count(DISTINCT l.subscriber) FILTER (WHERE l.bounce <> ''),
    count(DISTINCT l.subscriber) FILTER (WHERE EXISTS (SELECT FROM {schema}.answer a WHERE a.message = l.message)),
    count(DISTINCT l.subscriber) FILTER (WHERE l.unsubscribed), count(DISTINCT l.subscriber) FILTER (WHERE l.complained),
    count(DISTINCT l.subscriber) FILTER (WHERE EXISTS (SELECT FROM {schema}.purchase p WHERE p.after_letter = l.message))
FROM {schema}.letter l
WHERE l.subscriber = ANY(%(subscribers)s) AND l.kind IN ('letter', 'broadcast') AND l.week BETWEEN %(since)s AND %(until)s GROUP BY 1

-- name: sent_to
-- Which letters were accepted for some people, and when last.
SELECT l.subscriber::text, split_part(l.key, '/', 1) || '/' || l.letter, max(l.sent_at) FROM {schema}.letter l
WHERE l.subscriber = ANY(%(subscribers)s) AND l.kind IN ('letter', 'broadcast') AND l.sent_at > 0 AND l.week BETWEEN %(since)s AND %(until)s GROUP BY 1, 2

-- name: in_doubt
-- What an operator has to settle. Mostly nothing: the counters say of which letters there are any, for an index of the status would be written with
-- every outcome. Only then are these letters' rows read: a plain join would read everybody's.
SELECT l.message, l.subscriber, l.letter, l.at
FROM (SELECT DISTINCT reverse(split_part(reverse(letter), '/', 1)) AS letter FROM {schema}.tally WHERE what = 'became' AND detail = 'doubt' AND n > 0) AS t
CROSS JOIN LATERAL (SELECT * FROM {schema}.letter WHERE letter = t.letter AND status = 'doubt' ORDER BY at LIMIT 1000) AS l
ORDER BY l.at LIMIT 1000

-- name: first_begun
-- Where letters were first begun, by their message.
SELECT message, position FROM {schema}.letter WHERE message = ANY(%(messages)s)

-- name: of_message
-- An auditor's question: whose letter has this Message-ID, and where it was first begun.
SELECT subscriber, position FROM {schema}.letter WHERE message = %(message)s
