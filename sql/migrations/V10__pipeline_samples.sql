-- What each daemon says of itself, every few seconds: all its metrics, by the names and labels of its /metrics.
-- Old ones are dropped by whole days: footfall.drop_old_pipeline_samples.
CREATE TABLE pipeline_samples (
    at         timestamptz  NOT NULL, -- when the sample was taken
    source     varchar(100) NOT NULL, -- an ingest instance's name, or a sink's
    started_at timestamptz  NOT NULL, -- when the process started: its counters count from there
    samples    jsonb        NOT NULL  -- {"name{label=\"value\"}": number}
);

SELECT create_hypertable('pipeline_samples', 'at',
    chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);

CREATE INDEX idx_pipeline_samples_at ON pipeline_samples (at DESC);

GRANT INSERT ON pipeline_samples TO footfall_writer;
GRANT SELECT ON pipeline_samples TO footfall_reader;
-- For the one function that is the writer's.
GRANT USAGE ON SCHEMA footfall TO footfall_writer;
