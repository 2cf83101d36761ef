-- name: known
-- What lines about fields and sources are asked of.
SELECT subscriber::text, fields, source, form FROM vault.person WHERE subscriber = ANY(%(subscribers)s)

-- name: vault
-- Only where a line reads what the vault alone knows.
LEFT JOIN vault.person v ON v.subscriber = f.subscriber

-- name: field
-- A field of the person.
(v.fields->>%(name)s)

-- name: source
-- Where their address came from or, where they gave it here themselves, by which form.
coalesce(nullif(v.source, ''), nullif(v.form, ''))

-- name: fields_there
-- Every value that a field has, so that each is looked at once.
SELECT DISTINCT fields->>%(name)s FROM vault.person WHERE fields->>%(name)s IS NOT NULL

-- name: sources_there
-- Every source, and every form.
SELECT DISTINCT coalesce(nullif(source, ''), form) FROM vault.person WHERE source <> '' OR form <> ''

-- name: measured
-- When they last clicked or opened one of these letters, any where none is named, since they agree to that being noted.
CASE WHEN (f.traits->>'measured')::bigint > 0 THEN (
    SELECT max(m.at) FROM vault.measured m WHERE m.subscriber = f.subscriber AND m.act = %(act)s AND m.at >= (f.traits->>'measured')::bigint
    AND (cardinality(%(letters)s::text[]) = 0 OR m.letter = ANY(%(letters)s::text[]))) END

-- name: measured_of
-- What conditions ask about it, of many.
SELECT subscriber::text, act, letter, at FROM vault.measured WHERE subscriber = ANY(%(subscribers)s)
