-- The roll-up by minute, kept in the same transaction as the rows. Its rows carry the Kafka partition, so that two
-- sinks never wait for one another; the view analytics_summary adds them up.
CREATE TABLE analytics_summary_parts (
    time_bucket     timestamptz  NOT NULL,
    event_type      varchar(100) NOT NULL,
    page_url        varchar(500) NOT NULL,
    kafka_partition integer      NOT NULL,
    event_count     bigint       NOT NULL,
    PRIMARY KEY (time_bucket, event_type, page_url, kafka_partition)
) WITH (fillfactor = 80); -- room for a minute's updates on the same page

GRANT SELECT, INSERT, UPDATE ON analytics_summary_parts TO footfall_writer;
