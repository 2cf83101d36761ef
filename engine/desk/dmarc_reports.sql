-- name: add
-- A report that comes twice is one: its id is its organisation's own.
INSERT INTO desk.dmarc (organisation, report, domain, begins, source, aligned, disposition, letters)
SELECT %(organisation)s, %(report)s, %(domain)s, %(begin)s, s.source, s.aligned::boolean, s.disposition, sum(s.letters)
FROM unnest(%(sources)s::text[], %(aligned)s::text[], %(dispositions)s::text[], %(letters)s::bigint[]) AS s (source, aligned, disposition, letters)
GROUP BY s.source, s.aligned, s.disposition ON CONFLICT DO NOTHING

-- name: sources
-- A few rows a report and day, so none of them needs an index.
SELECT domain, source, coalesce(sum(letters) FILTER (WHERE aligned), 0)::bigint, coalesce(sum(letters) FILTER (WHERE NOT aligned), 0)::bigint,
    count(DISTINCT organisation)
FROM desk.dmarc WHERE begins >= %(since)s GROUP BY domain, source ORDER BY sum(letters) DESC, domain, source LIMIT 500

-- name: forget
-- Thirteen months, as what was done to the installation.
DELETE FROM desk.dmarc WHERE at < statement_timestamp() - interval '400 days'
