-- name: copy
-- A large database is made once and copied for whoever changes it; as files, for through the log it would take several times as long.
CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY

-- name: drop
-- Disk is short.
DROP DATABASE IF EXISTS {} WITH (FORCE)

-- name: settings
-- Whether the server has what the machine's memory suggests.
SELECT name, current_setting(name) FROM pg_settings
WHERE name IN ('server_version', 'shared_buffers', 'effective_cache_size', 'max_wal_size', 'checkpoint_timeout') ORDER BY name
