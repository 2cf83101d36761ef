-- name: beginning
-- Whose address begins so, a page at a time, by id.
SELECT subscriber::text, address, fields, source, form FROM vault.person
WHERE subscriber > %(after)s::uuid AND starts_with(lower(address), %(prefix)s) ORDER BY subscriber LIMIT %(most)s
