-- name: on_days
-- Who has one of these days in a field, whatever the year, a page at a time. A date is ten signs long; any other text is none.
-- It reads the page's people by their key, which keeps a pass over everybody small; a field has no index of its own.
SELECT subscriber::text, fields ->> %(field)s FROM vault.person
WHERE subscriber > %(after)s::uuid AND length(fields ->> %(field)s) = 10 AND right(fields ->> %(field)s, 5) = ANY(%(days)s)
ORDER BY subscriber LIMIT %(limit)s

-- name: on_dates
-- The same for dates that come once.
SELECT subscriber::text, fields ->> %(field)s FROM vault.person
WHERE subscriber > %(after)s::uuid AND fields ->> %(field)s = ANY(%(days)s)
ORDER BY subscriber LIMIT %(limit)s
