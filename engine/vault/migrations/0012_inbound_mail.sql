-- Mails that came in: the digest of each, so that one delivered twice is one fact; and the octets of those that wait to be handed on to the
-- operator, or that were not understood. Kept for the time of [inbound] keep, and deleted with the person where one is known.
CREATE TABLE vault.inbound_mail (
    digest bytea PRIMARY KEY,
    at bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('handled', 'waiting', 'unknown')),
    door text NOT NULL,
    subscriber uuid,
    why text NOT NULL DEFAULT '',
    octets bytea,
    taken_until bigint NOT NULL DEFAULT 0
);
CREATE INDEX inbound_mail_at ON vault.inbound_mail (at);
CREATE INDEX inbound_mail_kept ON vault.inbound_mail (state, at) WHERE state <> 'handled';
CREATE INDEX inbound_mail_subscriber ON vault.inbound_mail (subscriber) WHERE subscriber IS NOT NULL;
ALTER TABLE vault.inbound_mail ALTER COLUMN octets SET STATISTICS 0;
