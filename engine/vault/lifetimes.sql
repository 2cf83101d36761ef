-- name: ages
-- Of what has a life of its own: how many are past these instants, and the oldest there is; for the nightly round and its report.
SELECT kind, count(*) FILTER (WHERE at < CASE kind WHEN 'visitor' THEN %(visitor)s ELSE %(relay)s END), min(at)
FROM vault.evidence WHERE kind IN ('visitor', 'relay') GROUP BY kind
UNION ALL
SELECT 'archive', count(*) FILTER (WHERE ends_at <= %(archive)s), coalesce(min(ends_at), 0) FROM vault.archive
UNION ALL
SELECT 'suppression', count(*) FILTER (WHERE at < %(suppression)s), coalesce(min(at), 0) FROM vault.suppression

-- name: archive
-- Sealed proof has its own end, whatever came of it (D13).
DELETE FROM vault.archive WHERE subscriber IN (SELECT subscriber FROM vault.archive WHERE ends_at <= %(before)s ORDER BY ends_at LIMIT %(most)s)

-- name: suppression
-- Only where an end was declared: three years at least.
DELETE FROM vault.suppression WHERE address_hash IN (SELECT address_hash FROM vault.suppression WHERE at < %(before)s ORDER BY at LIMIT %(most)s)

-- name: forget_kind
-- A life of its own, shorter than that of the act it stands beside; at most so many at once, so that no lock is long.
DELETE FROM vault.evidence WHERE commitment IN
    (SELECT commitment FROM vault.evidence WHERE kind = %(kind)s AND kind IN ('visitor', 'relay') AND at < %(before)s ORDER BY at LIMIT %(most)s)
