-- name: note
-- Written once it has ended, well or not.
INSERT INTO desk.operation (kind, well, position, octets, place, copy, faults, why)
VALUES (%(kind)s, %(well)s, %(position)s, %(octets)s, %(place)s, %(copy)s, %(faults)s, %(why)s)

-- name: latest
-- A few a day at most, so none of them needs an index.
SELECT kind, at, well, position, octets, place, copy, faults, why FROM desk.operation WHERE kind = ANY(%(kinds)s::text[])
ORDER BY at DESC, id DESC LIMIT %(limit)s

-- name: forget
-- Thirteen months: who compares with the same week of last year still finds it.
DELETE FROM desk.operation WHERE at < clock_timestamp() - interval '400 days'
