-- name: database_exists
-- CREATE DATABASE has no IF NOT EXISTS.
SELECT 1 FROM pg_database WHERE datname = %(name)s

-- name: role_exists
-- CREATE ROLE has no IF NOT EXISTS either; roles belong to the whole server.
SELECT 1 FROM pg_roles WHERE rolname = %(name)s

-- name: lock
-- Two processes that start together must not both create; the lock goes with the connection.
SELECT pg_advisory_lock(%(key)s)

-- name: long
-- LONG_SECONDS, for the transaction at hand. No query: an isolation level may still be chosen after it.
SET LOCAL statement_timeout = '6h'

-- name: long_idle
-- It may also be worked at for long between two statements.
SET LOCAL idle_in_transaction_session_timeout = 0

-- name: take_duty
-- What one process at a time does: held for as long as its connection lives.
SELECT pg_try_advisory_lock(hashtextextended(%(duty)s, 0))
