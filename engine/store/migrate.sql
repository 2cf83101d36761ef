-- name: vault_versions
-- The vault is the only store with migrations: it is not derived from anything.
CREATE TABLE IF NOT EXISTS vault.migration (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT transaction_timestamp())

-- name: vault_done
-- Which migrations this vault has had.
SELECT name FROM vault.migration WHERE name NOT LIKE 'needs-%'

-- name: vault_did
-- In the transaction of the migration itself.
INSERT INTO vault.migration (name) VALUES (%(name)s)

-- name: grant_ledger
-- The running program may read and add, never change or remove (G22).
GRANT USAGE ON SCHEMA ledger TO {role}; GRANT SELECT, INSERT ON ledger.events, ledger.asset TO {role}

-- name: grant_tables
-- Vault and desk are worked on by the program; their shape is not.
GRANT USAGE ON SCHEMA vault, desk TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA vault, desk TO {role};
REVOKE INSERT, UPDATE, DELETE ON vault.migration FROM {role}

-- name: grant_proof
-- Checkpoints, cosignatures and stamps are added and read, never changed or removed (G22). Tiles are derived from the ledger: partial ones are written again as they grow, and
-- all of them are made anew when a ledger was put back without them.
GRANT USAGE ON SCHEMA proof TO {role};
GRANT SELECT, INSERT ON proof.checkpoint, proof.cosignature, proof.stamp TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON proof.tile TO {role}

-- name: grant_views
-- Views are dropped and made again at will, by the program itself, each in a schema of its own.
GRANT CREATE ON DATABASE {database} TO {role}

-- name: granted
-- Whether the program may make views, add to the ledger and use each table of the others.
SELECT has_database_privilege(%(role)s, current_database(), 'CREATE')
    AND (SELECT bool_and(has_schema_privilege(%(role)s, room.oid, 'USAGE') AND has_table_privilege(%(role)s, kept.oid, 'SELECT'))
        FROM pg_class kept JOIN pg_namespace room ON room.oid = kept.relnamespace
        WHERE kept.relkind = 'r' AND (room.nspname IN ('vault', 'desk', 'proof') OR (room.nspname, kept.relname) IN (('ledger', 'events'), ('ledger', 'asset'))))

-- name: schemas
-- Vault and desk; the ledger makes its own, views theirs.
CREATE SCHEMA IF NOT EXISTS vault; CREATE SCHEMA IF NOT EXISTS desk

-- name: mark
-- By which a program of the first release knows that it was not its own that was made here last.
COMMENT ON SCHEMA ledger IS {release}

-- name: patient
-- Beside processes that work a table may be in use: a migration waits behind nobody for long, because all others would wait behind it.
SELECT set_config('lock_timeout', '3s', false)

-- name: take_away
-- What only programs of former releases need. Run once none of them is heard of.
DROP TABLE IF EXISTS desk.taken
