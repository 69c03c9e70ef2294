-- One row for each event that was stored, once.
-- The first ten columns are the first generation's, so that its queries still hold.
-- There is no primary key: a hypertable's unique index must hold the partitioning column, and a client's retry may
-- carry another time stamp. Uniqueness lives in analytics_ledger.
CREATE TABLE analytics_events (
    timestamp      timestamptz  NOT NULL,               -- when it happened, the client's clock corrected
    event_type     varchar(100) NOT NULL,
    page_url       varchar(500) NOT NULL,
    page_title     varchar(200),
    button_id      varchar(100),
    session_id     varchar(100),
    user_agent     text,
    metadata       jsonb,
    created_at     timestamptz  NOT NULL DEFAULT now(), -- when the sink stored it
    event_id       uuid         NOT NULL,
    received_at    timestamptz  NOT NULL,               -- when ingest received it
    sent_at        timestamptz,                         -- when the client sent it, by the client's clock
    visitor_id     uuid,                                -- keyed hash that changes daily (UUID version 8), never an address
    user_id        varchar(200),                        -- what the site calls its signed-in user
    referrer       varchar(1000),
    site           varchar(100),
    schema_version integer      NOT NULL,
    flags          text[]                               -- what was cut or corrected on the way in; null when nothing was
);

SELECT create_hypertable('analytics_events', 'timestamp',
    chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);

CREATE INDEX idx_analytics_events_timestamp ON analytics_events (timestamp DESC);
CREATE INDEX idx_analytics_events_event_type ON analytics_events (event_type);
CREATE INDEX idx_analytics_events_page_url ON analytics_events (page_url);
CREATE INDEX idx_analytics_events_session_id ON analytics_events (session_id);

GRANT INSERT ON analytics_events TO footfall_writer;
GRANT SELECT ON analytics_events TO footfall_reader;
