-- name: missing
-- Which of these are not kept yet.
SELECT w.digest FROM unnest(%(digests)s::bytea[]) AS w (digest) WHERE NOT EXISTS (SELECT FROM ledger.asset a WHERE a.digest = w.digest)

-- name: keep
-- Named by their content, so that whoever comes second keeps the same.
INSERT INTO ledger.asset (digest, octets) VALUES (%(digest)s, %(octets)s) ON CONFLICT DO NOTHING

-- name: octets
-- For a machine that has not had it yet.
SELECT octets FROM ledger.asset WHERE digest = %(digest)s
