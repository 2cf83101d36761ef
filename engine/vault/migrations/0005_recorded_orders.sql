-- Which of somebody's orders has which number: the ledger has its random id alone.
CREATE TABLE IF NOT EXISTS vault.recorded_order (
    number_hash bytea PRIMARY KEY,
    subscriber uuid NOT NULL,
    order_id text NOT NULL,
    at bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS recorded_order_subscriber ON vault.recorded_order (subscriber);
