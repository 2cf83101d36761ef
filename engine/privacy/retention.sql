-- name: alone
-- Two hosts that wake together must not both use up the night's cap: the lock is held until the night's fact is written, or its host is dead.
SELECT pg_try_advisory_xact_lock(hashtextextended('relance.retention', 0))
