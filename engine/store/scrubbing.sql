-- name: alone
-- One process at a time; the lock goes with the connection.
SELECT pg_try_advisory_lock(hashtextextended('relance.scrub', 0))

-- name: patience
-- Nobody stands in a queue behind us: where a table is not to be had soon, we come again.
SET lock_timeout = '3s'

-- name: sizes
-- The tables in which something personal may have stood, and how large each is with what belongs to it (bytes).
SELECT n.nspname, c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (n.nspname, c.relname) IN (('vault', 'person'), ('vault', 'evidence'), ('vault', 'former_address'), ('vault', 'recorded_order'), ('vault', 'measured'), ('vault', 'inbound_mail'), ('vault', 'archive'), ('vault', 'console_account'), ('vault', 'console_passkey'), ('vault', 'console_sign_in'), ('desk', 'stuck'))

-- name: rewrite
-- A row that is deleted leaves its octets in the page, even after a plain VACUUM: a table written anew has none.
VACUUM (FULL) {table}

-- name: free
-- Of a table too large to be written anew while people work: its room is free, and overwritten by what comes next.
VACUUM {table}

-- name: switch
-- What was written so far belongs to a finished file of the write-ahead log.
SELECT pg_switch_wal()

-- name: checkpoint
-- From here on no finished file of that log is needed any more; it is removed.
CHECKPOINT
