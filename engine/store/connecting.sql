-- name: at_work
-- Asked on another connection: whether the server still works for that one. Not when it waits for more of what we have said, nor when it has long answered.
SELECT 1 FROM pg_stat_activity WHERE pid = %(pid)s
AND (state = 'active' AND wait_event IS DISTINCT FROM 'ClientRead' OR state_change > clock_timestamp() - interval '5 seconds')

-- name: server_pid
-- The process that serves, as PostgreSQL itself has it.
SELECT pg_backend_pid()

-- name: set
-- What a pooler has left out of the words that began the session.
SELECT set_config(s.name, s.value, false) FROM unnest(%(names)s::text[], %(values)s::text[]) WITH ORDINALITY AS s (name, value, place)
ORDER BY s.place
