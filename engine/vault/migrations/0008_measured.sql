-- What people who agreed to be measured clicked and loaded, of which letter and when; link is where it led, '' for a picture. Kept thirteen months,
-- and deleted with the consent or the person.
CREATE TABLE vault.measured (
    subscriber uuid NOT NULL,
    letter text NOT NULL,
    act text NOT NULL CHECK (act IN ('clicked', 'opened')),
    link text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (subscriber, letter, act, link, at)
);
CREATE INDEX measured_at ON vault.measured (at);
ALTER TABLE vault.measured ALTER COLUMN letter SET STATISTICS 0, ALTER COLUMN link SET STATISTICS 0;
