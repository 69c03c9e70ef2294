-- The roll-up by minute tells sites and bots apart; analytics_summary still adds up everything.
-- The page stands in the key by its digest: the longest page, type and site together do not fit into an index entry.
ALTER TABLE analytics_summary_parts
    ADD COLUMN site varchar(100) NOT NULL DEFAULT '',
    ADD COLUMN bot  boolean      NOT NULL DEFAULT false,
    DROP CONSTRAINT analytics_summary_parts_pkey;
CREATE UNIQUE INDEX idx_analytics_summary_parts_key ON analytics_summary_parts
    (time_bucket, event_type, md5(page_url), site, bot, kafka_partition);

GRANT SELECT ON analytics_summary_parts TO footfall_reader;
