-- name: some
-- Anybody, wherever in the ledger they happened to be written; asked for twice as many, for some come twice.
SELECT DISTINCT originator_id FROM ledger.events WHERE notification_id = ANY(%(positions)s) AND originator_id <> %(installation)s LIMIT %(count)s

-- name: checkpoint
-- What was made before is written out before anything is measured.
CHECKPOINT
