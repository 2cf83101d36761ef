-- Who is in a segment that reads a field: that says something personal, so it lies here, is deleted with the person and is in no auditor's copy.
-- Derived from the ledger and the fields, and may be built anew. look: when time alone may change it (ms), 0 for never.
CREATE TABLE vault.segment_state (
    segment text NOT NULL,
    subscriber uuid NOT NULL,
    member boolean NOT NULL,
    look bigint NOT NULL,
    PRIMARY KEY (segment, subscriber)
);
CREATE INDEX segment_state_of_subscriber ON vault.segment_state (subscriber);
CREATE INDEX segment_state_look ON vault.segment_state (look) WHERE look > 0;
-- Which condition each segment's rows were built for.
CREATE TABLE vault.segment_built (segment text PRIMARY KEY, definition text NOT NULL);
