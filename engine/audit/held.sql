-- name: misplaced
-- Columns can be altered without the tree, bytes cannot. Canonical bytes hold each of these pieces once, outside of any text. Asked by hand: it reads all.
SELECT notification_id FROM ledger.events
WHERE position(convert_to('"stream":"' || originator_id || '","v":', 'UTF8') IN state) = 0
    OR position(convert_to(',"version":' || originator_version || '}', 'UTF8') IN state) = 0
    OR position(convert_to(',"name":"' || topic || '","recorded_at":', 'UTF8') IN state) = 0
ORDER BY notification_id
