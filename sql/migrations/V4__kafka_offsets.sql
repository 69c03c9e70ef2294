-- How far each partition is stored. The row moves in the transaction that stores the events before it, and only where
-- it still holds the value that the transaction's sink started from.
CREATE TABLE kafka_offsets (
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    next_offset bigint      NOT NULL, -- the first offset that is not stored
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE ON kafka_offsets TO footfall_writer;
GRANT SELECT ON kafka_offsets TO footfall_reader;
