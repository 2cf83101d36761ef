-- name: people
-- Where everybody the vault knows came from, by id and a page at a time, so that a tally holds no more than a page.
SELECT subscriber::text, coalesce(nullif(source, ''), form), registered_at FROM vault.person
WHERE subscriber > %(after)s::uuid ORDER BY subscriber LIMIT %(most)s
