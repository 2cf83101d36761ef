-- name: snapshot
-- Both sides of a comparison are read in one snapshot.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ

-- name: head
-- Where the ledger ends in that snapshot: a view that has come further followed entries that are gone.
SELECT coalesce(max(notification_id), 0) FROM ledger.events

-- name: only_in
-- Rows that stand in one table and not in its twin, doubles counted.
SELECT * FROM {one} EXCEPT ALL SELECT * FROM {other} LIMIT {most}

-- name: looked_at_later
-- Whom the other looks at later, or never.
SELECT one.* FROM {one} one LEFT JOIN {other} other USING (subscriber) WHERE other.look IS NULL OR other.look > one.look LIMIT {most}
