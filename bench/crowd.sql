-- name: ids
-- Who they are: as random as the engine's own ids, so that they lie as widely scattered in every index.
CREATE TEMP TABLE crowd AS SELECT n, gen_random_uuid() AS subscriber FROM generate_series(1, {count}) AS n

-- name: forget_ids
-- Each crowd has its own.
DROP TABLE IF EXISTS pg_temp.crowd

-- name: entries
-- One whole life in the ledger.
SELECT notification_id, originator_version, topic, convert_from(state, 'UTF8') FROM ledger.events WHERE originator_id = %(stream)s
ORDER BY originator_version

-- name: head
-- Where the next entry goes.
SELECT coalesce(max(notification_id), 0) FROM ledger.events

-- name: enter
-- The same entry for everybody, one after the other: a life is as scattered over the ledger as lives are.
INSERT INTO ledger.events (originator_id, originator_version, topic, state, notification_id)
SELECT c.subscriber, {version}, {topic}, convert_to({state}, 'UTF8'), {base} + c.n FROM pg_temp.crowd c ORDER BY c.n

-- name: tables
-- Every table of vault and views that says whose each row is, with its columns.
SELECT table_schema, table_name, array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = 'vault' OR table_schema LIKE 'view\_%'
GROUP BY table_schema, table_name HAVING bool_or(column_name = 'subscriber') ORDER BY table_schema, table_name

-- name: rows
-- What is kept of the one who lived.
SELECT {columns} FROM {table} WHERE subscriber = %(stream)s

-- name: keep
-- The same for everybody.
INSERT INTO {table} ({columns}) SELECT {values} FROM pg_temp.crowd c

-- name: count_standing
-- How many stand on each list, where one of them does.
INSERT INTO {members}.standing AS known SELECT list, %(count)s FROM {members}.membership WHERE subscriber = %(stream)s
ON CONFLICT (list) DO UPDATE SET people = known.people + excluded.people

-- name: count_cohorts
-- What letters came to by the week in which everybody arrived.
INSERT INTO {letters}.cohort AS known
SELECT * FROM unnest(%(joined)s::integer[], %(weeks)s::integer[], %(whats)s::text[], %(counts)s::bigint[])
ON CONFLICT (joined, week, what) DO UPDATE SET n = known.n + excluded.n

-- name: followed
-- Which views there are.
SELECT nspname FROM pg_namespace WHERE nspname LIKE 'view\_%'

-- name: move_position
-- The views have what was written for them.
UPDATE {position} SET position = {head}

-- name: settle
-- What autovacuum would have done by the time a ledger has grown so far.
VACUUM (ANALYZE)
