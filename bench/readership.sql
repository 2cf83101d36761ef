-- name: spread_due
-- Within thirty days instead of at one instant.
UPDATE {agenda}.agenda SET due = due + mod(abs(hashtextextended(subscriber::text, 0)), 2592000000) WHERE due > 0

-- name: spread_joined
-- Within sixty days before.
UPDATE {members}.membership SET joined_at = joined_at - mod(abs(hashtextextended(subscriber::text, 1)), 5184000000)

-- name: year_of_letters
-- What each of many letters came to in the weeks before: thirteen counters each.
INSERT INTO {letters}.tally (letter, occurrence, edition, list, purpose, week, what, detail, n, amount)
SELECT letter, '', 1, split_part(split_part(letter, '/', 1), ':', 2)::integer, 'conseils', %(week)s::integer - 7 * ago, what, detail,
    1 + mod(abs(hashtext(letter || what || ago)), 1000), CASE WHEN what IN ('ordered', 'ordered-after-act') THEN 4900 ELSE 0 END
FROM unnest(%(letters)s::text[]) AS letter CROSS JOIN generate_series(1, %(weeks)s) AS ago
CROSS JOIN (VALUES ('became', 'sent'), ('became', 'failed'), ('became', 'withheld'), ('withheld', 'consent withdrawn'), ('bounced', 'hard'),
    ('bounced', 'soft'), ('unsubscribed', ''), ('answered', ''), ('answer', 'Oui'), ('answer', 'Non'), ('moved', '102'), ('ordered', 'EUR'),
    ('ordered-after-act', 'EUR')) AS cell (what, detail)
ON CONFLICT DO NOTHING

-- name: year_of_visits
-- Visits to three links of each.
INSERT INTO desk.visited (letter, kind, link, week, visits, people)
SELECT letter, 'answer', link, %(week)s::integer - 7 * ago, 200, 120 FROM unnest(%(letters)s::text[]) AS letter
CROSS JOIN generate_series(1, %(weeks)s) AS ago CROSS JOIN unnest(ARRAY['Oui', 'Non', 'Recevoir aussi la suite']) AS link
ON CONFLICT DO NOTHING

-- name: year_of_arrivals
-- Who arrived in each of those weeks, and what came of them in each week since.
INSERT INTO {letters}.cohort (joined, week, what, n)
SELECT %(week)s::integer - 7 * ago, %(week)s::integer - 7 * since, what, 100 + ago
FROM generate_series(1, %(weeks)s) AS ago CROSS JOIN LATERAL generate_series(0, ago) AS since
CROSS JOIN unnest(ARRAY['joined', 'accepted', 'answered', 'unsubscribed']) AS what WHERE what <> 'joined' OR since = ago
ON CONFLICT DO NOTHING

-- name: days_of_ways
-- The ways that were gone on one day, on each of the days before.
INSERT INTO {members}.transition (day, source, target, kind, question, label, n)
SELECT DISTINCT %(today)s::integer - ago, source, target, kind, question, label, 10 + ago FROM {members}.transition
CROSS JOIN generate_series(1, %(days)s) AS ago
ON CONFLICT DO NOTHING
