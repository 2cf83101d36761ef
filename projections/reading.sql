-- name: figures
-- What changes while somebody looks at the start page, from counters alone: places that are taken, who came and went since a day, and what came of the
-- letters begun in one week.
SELECT (SELECT coalesce(sum(people), 0)::bigint FROM {members}.standing),
    ways.new, ways.gone, letters.accepted, letters.answered, letters.unsubscribed
FROM (
    SELECT coalesce(sum(n) FILTER (WHERE source = 0 AND target = ANY(%(lists)s::integer[])), 0)::bigint AS new,
        coalesce(sum(n) FILTER (WHERE target = 0 AND source = ANY(%(lists)s::integer[])), 0)::bigint AS gone
    FROM {members}.transition WHERE day >= %(since)s) AS ways,
    (SELECT coalesce(sum(n) FILTER (WHERE what = 'became' AND detail = 'sent'), 0)::bigint AS accepted,
        coalesce(sum(n) FILTER (WHERE what = 'answered'), 0)::bigint AS answered,
        coalesce(sum(n) FILTER (WHERE what = 'unsubscribed'), 0)::bigint AS unsubscribed
    FROM {letters}.tally WHERE week = %(week)s) AS letters

-- name: asked
-- How many got a question, and how many each of its reminders.
SELECT letter, count(*) FROM {letters}.letter WHERE split_part(key, '/', 1) = %(key)s AND letter = ANY(%(letters)s) AND (status = 'sent' OR link >= 0)
GROUP BY letter

-- name: answers
-- What each person who was asked answered, in the question or its reminders: of answers that exclude each other the last, robots apart.
WITH said AS (
    SELECT l.subscriber, l.key, l.run, w.answer, CASE WHEN w.exclusive THEN -1 ELSE w.answer END AS choice, a.act, a.at
    FROM {letters}.letter l JOIN {letters}.answer a USING (message)
    JOIN unnest(%(link_letters)s::text[], %(links)s::integer[], %(answers)s::integer[], %(exclusive)s::boolean[]) AS w (letter, link, answer, exclusive)
        ON w.letter = l.letter AND w.link = a.link
    WHERE split_part(l.key, '/', 1) = %(key)s AND l.letter = ANY(%(letters)s)),
last AS (SELECT DISTINCT ON (subscriber, key, run, choice) answer, act FROM said ORDER BY subscriber, key, run, choice, at DESC)
SELECT answer, count(*), count(*) FILTER (WHERE act = 'auto_submit') FROM last GROUP BY answer

-- name: unanswered
-- Who has not answered: waiting (a reminder is still to come, or the last letter is too fresh) or silent; and whose page asked for a press that never
-- came.
WITH open AS (
    SELECT l.at, l.subscriber, l.key, l.run FROM {letters}.letter l
    WHERE split_part(l.key, '/', 1) = %(key)s AND l.letter = %(question)s AND l.status = 'sent'
      AND NOT EXISTS (SELECT FROM {letters}.letter o JOIN {letters}.answer a USING (message)
          WHERE o.subscriber = l.subscriber AND o.key = l.key AND o.run = l.run AND o.letter = ANY(%(letters)s))),
told AS (
    SELECT EXISTS (SELECT FROM {letters}.letter r WHERE r.subscriber = open.subscriber AND r.key = open.key AND r.run = open.run
            AND r.letter = ANY(%(letters)s) AND r.status = 'sent' AND r.at > %(patient)s)
        OR open.at > %(since)s
        AND (SELECT count(DISTINCT r.letter) FROM {letters}.letter r WHERE r.subscriber = open.subscriber AND r.key = open.key AND r.run = open.run
            AND r.letter = ANY(%(letters)s)) < cardinality(%(letters)s::text[])
        AND EXISTS (SELECT FROM {members}.membership m WHERE m.subscriber = open.subscriber AND m.list = ANY(%(lists)s)
            AND (m.run = open.run OR NOT %(same_run)s)) AS waiting,
        EXISTS (SELECT FROM {letters}.letter o WHERE o.subscriber = open.subscriber AND o.key = open.key AND o.run = open.run
            AND o.letter = ANY(%(letters)s) AND o.message = ANY(%(lost)s)) AS lost
    FROM open)
SELECT count(*) FILTER (WHERE waiting), count(*) FILTER (WHERE NOT waiting), count(*) FILTER (WHERE lost) FROM told
