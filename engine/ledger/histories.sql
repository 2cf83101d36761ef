-- name: span
-- The ledger person by person, for what is folded from its beginning; a span of streams at a time, up to one position for all.
SELECT notification_id, originator_id::text, originator_version, topic, state FROM ledger.events
WHERE originator_id BETWEEN %(first)s::uuid AND %(last)s::uuid AND notification_id <= %(upto)s ORDER BY ledger.events.originator_id, originator_version
