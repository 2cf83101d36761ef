-- name: orders
-- Whose orders have these numbers, and under which ids the ledger has them.
SELECT number_hash, order_id, subscriber FROM vault.recorded_order WHERE number_hash = ANY(%(hashes)s::bytea[])

-- name: keep_order
-- A number that another order has breaks the key, which is a conflict of two who were quick.
INSERT INTO vault.recorded_order (number_hash, subscriber, order_id, at) VALUES (%(hash)s, %(subscriber)s, %(order)s, %(at)s)
