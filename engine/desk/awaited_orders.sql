-- name: wait
-- A refund that is told again waits once.
INSERT INTO desk.awaited_order (number, identity, kind, trust, amount, currency, products, occurred_at)
VALUES (%(number)s, %(identity)s, %(kind)s, %(trust)s, %(amount)s, %(currency)s, %(products)s, %(occurred_at)s) ON CONFLICT DO NOTHING

-- name: of
-- What a purchase finds waiting: what happened first is followed first.
SELECT number, identity, kind, trust, amount, currency, products, occurred_at FROM desk.awaited_order WHERE number = ANY(%(numbers)s::bytea[])
ORDER BY occurred_at, identity

-- name: settle
-- Under all numbers that it may have been known by.
DELETE FROM desk.awaited_order WHERE identity = %(identity)s

-- name: forget
-- A purchase that has not come by then came before the shop was connected.
DELETE FROM desk.awaited_order WHERE at < statement_timestamp() - interval '90 days'
