-- Who may use the console. An account is a colleague's: its name is personal, its id is random and stands in the evidence of what they did.
CREATE TABLE vault.console_account (
    account text PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('author', 'operator', 'rights', 'auditor')),
    reads boolean NOT NULL DEFAULT false,
    language text NOT NULL DEFAULT '',
    created_at bigint NOT NULL,
    issuer text NOT NULL DEFAULT '',
    subject text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX console_account_name ON vault.console_account (lower(name));
CREATE UNIQUE INDEX console_account_subject ON vault.console_account (issuer, subject) WHERE subject <> '';
-- Public keys alone; the private ones never leave their owners' devices.
CREATE TABLE vault.console_passkey (
    credential bytea PRIMARY KEY,
    account text NOT NULL,
    name text NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    created_at bigint NOT NULL,
    used_at bigint NOT NULL DEFAULT 0
);
CREATE INDEX console_passkey_account ON vault.console_passkey (account);
-- The first half of a code finds its row, the second is kept as an argon2id hash.
CREATE TABLE vault.console_recovery_code (
    account text NOT NULL,
    mark text NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (account, mark)
);
