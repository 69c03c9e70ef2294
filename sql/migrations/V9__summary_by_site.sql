-- The roll-up by minute tells sites and bots apart; analytics_summary still adds up everything.
ALTER TABLE analytics_summary_parts
    ADD COLUMN site varchar(100) NOT NULL DEFAULT '',
    ADD COLUMN bot  boolean      NOT NULL DEFAULT false,
    DROP CONSTRAINT analytics_summary_parts_pkey,
    ADD PRIMARY KEY (time_bucket, event_type, page_url, site, bot, kafka_partition);

GRANT SELECT ON analytics_summary_parts TO footfall_reader;
