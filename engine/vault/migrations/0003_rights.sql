-- Addresses a person had before a correction: only their keyed hashes, so that whoever asks with an old one is found.
CREATE TABLE vault.former_address (
    address_hash bytea NOT NULL,
    subscriber uuid NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (address_hash, subscriber)
);
CREATE INDEX former_address_of_subscriber ON vault.former_address (subscriber);
-- Proof kept for legal defence after an erasure (GDPR 17(3)(e)), sealed to an auditor's public key: nobody here can read it.
CREATE TABLE vault.archive (
    subscriber uuid PRIMARY KEY,
    sealed bytea NOT NULL,
    archived_at bigint NOT NULL,
    ends_at bigint NOT NULL
);
CREATE INDEX archive_ends ON vault.archive (ends_at);
-- PostgreSQL's statistics keep samples of what stood in a column, and keep them when the row is gone. Nothing is looked up by these columns, so no
-- samples are taken of them; naming the type anew drops those there are.
ALTER TABLE vault.person ALTER COLUMN address TYPE text, ALTER COLUMN fields TYPE jsonb;
ALTER TABLE vault.person ALTER COLUMN address SET STATISTICS 0, ALTER COLUMN fields SET STATISTICS 0;
ALTER TABLE vault.evidence ALTER COLUMN salt TYPE bytea, ALTER COLUMN payload TYPE bytea;
ALTER TABLE vault.evidence ALTER COLUMN salt SET STATISTICS 0, ALTER COLUMN payload SET STATISTICS 0;
ALTER TABLE vault.archive ALTER COLUMN sealed SET STATISTICS 0;
