-- name: begin
-- All rows of a sender at once: a term is ended by a lock on each of them, which a row that is added meanwhile would pass by. A first term is the time
-- (ms), so that it is another than any that was written before rows were lost.
INSERT INTO desk.approved (sender, slot, term, messages, at)
SELECT %(sender)s, slot, (extract(epoch FROM statement_timestamp()) * 1000)::bigint, '{}', statement_timestamp()
FROM generate_series(0, %(slots)s - 1) AS slots (slot) ON CONFLICT DO NOTHING

-- name: term
-- The same in each row, but while one begins anew.
SELECT max(term) FROM desk.approved WHERE sender = %(sender)s

-- name: approve
-- Waits for the disk, as a claim does: a database that forgot it would let go what is on the wire.
UPDATE desk.approved SET messages = %(messages)s, at = clock_timestamp() WHERE sender = %(sender)s AND slot = %(slot)s AND term = %(term)s

-- name: hold
-- Before they are changed, in one order, so that two who judge do not wait for each other.
SELECT FROM desk.approved WHERE sender = ANY(%(senders)s::text[]) ORDER BY sender, slot FOR UPDATE

-- name: end_terms
-- See hold: a statement of its own, since what was approved while it waited counts.
UPDATE desk.approved SET term = term + 1 WHERE sender = ANY(%(senders)s::text[]) RETURNING sender, messages
