-- One outcome for each event, counted by minute. source names who counted: 'sink', or an ingest instance. An ingest
-- instance counts what it handed over ('accepted') and what it refused ('rejected', with the reason); the sink counts
-- what became of the former ('stored', 'duplicate', 'quarantined').
CREATE TABLE analytics_outcomes_parts (
    time_bucket     timestamptz NOT NULL,
    source          text        NOT NULL,
    outcome         text        NOT NULL,
    reason          text        NOT NULL, -- '' where the outcome has none
    kafka_partition integer     NOT NULL, -- as in analytics_summary_parts
    event_count     bigint      NOT NULL,
    PRIMARY KEY (time_bucket, source, outcome, reason, kafka_partition)
) WITH (fillfactor = 80);

GRANT SELECT, INSERT, UPDATE ON analytics_outcomes_parts TO footfall_writer;
