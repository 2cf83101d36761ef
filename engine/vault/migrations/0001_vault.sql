-- Who stands behind a subscriber's random id. Unique on the keyed hash, so that no error text ever shows an address.
CREATE TABLE vault.person (
    subscriber uuid PRIMARY KEY,
    address_hash bytea NOT NULL UNIQUE,
    address text NOT NULL,
    fields jsonb NOT NULL DEFAULT '{}',
    registered_at bigint NOT NULL
);
-- What lies behind an event's commitment: salt and payload go together, so that what stays in the ledger cannot be linked (E06).
CREATE TABLE vault.evidence (
    commitment bytea PRIMARY KEY,
    subscriber uuid NOT NULL,
    at bigint NOT NULL,
    salt bytea NOT NULL,
    payload bytea NOT NULL
);
CREATE INDEX evidence_of_subscriber ON vault.evidence (subscriber);
-- Keyed hashes of addresses that must not be written to, and nothing else about them (D15).
CREATE TABLE vault.suppression (
    address_hash bytea PRIMARY KEY,
    reason text NOT NULL,
    at bigint NOT NULL
);
