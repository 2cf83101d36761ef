-- name: known
-- What lines about fields and sources are asked of.
SELECT subscriber::text, fields, source FROM vault.person WHERE subscriber = ANY(%(subscribers)s)

-- name: vault
-- Only where a line reads what the vault alone knows.
LEFT JOIN vault.person v ON v.subscriber = f.subscriber

-- name: field
-- A field of the person.
(v.fields->>%(name)s)

-- name: source
-- Where their address came from; "" where they gave it here themselves.
NULLIF(v.source, '')

-- name: fields_there
-- Every value that a field has, so that each is looked at once.
SELECT DISTINCT fields->>%(name)s FROM vault.person WHERE fields->>%(name)s IS NOT NULL

-- name: sources_there
-- Every source.
SELECT DISTINCT source FROM vault.person WHERE source <> ''
