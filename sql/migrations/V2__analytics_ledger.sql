-- The ids of recent events: an event whose id stands here was stored already, and is a duplicate.
-- Not partitioned: a retry after midnight must find the first attempt. The BRIN index lets old ids be deleted by age
-- without a B-tree that every insert would pay for.
CREATE TABLE analytics_ledger (
    event_id    uuid        PRIMARY KEY,
    received_at timestamptz NOT NULL
);
CREATE INDEX idx_analytics_ledger_received_at ON analytics_ledger USING brin (received_at);

-- SELECT, because ON CONFLICT and RETURNING read.
GRANT SELECT, INSERT ON analytics_ledger TO footfall_writer;
