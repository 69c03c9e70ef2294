-- What arrived from Kafka and could not be stored as an event: its reason, and its bytes as they were.
CREATE TABLE analytics_quarantine (
    topic          text        NOT NULL,
    partition      integer     NOT NULL,
    kafka_offset   bigint      NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT now(),
    reason         text        NOT NULL,
    field          text        NOT NULL,
    message        text        NOT NULL,
    payload        bytea       NOT NULL,
    -- The time belongs to the key: a topic that was made anew counts from 0 again.
    PRIMARY KEY (topic, partition, kafka_offset, quarantined_at)
);
CREATE INDEX idx_analytics_quarantine_quarantined_at ON analytics_quarantine (quarantined_at);

GRANT INSERT ON analytics_quarantine TO footfall_writer;
-- The payload may hold what a visitor typed: the owner alone reads it.
GRANT SELECT (topic, partition, kafka_offset, quarantined_at, reason, field, message) ON analytics_quarantine TO footfall_reader;
