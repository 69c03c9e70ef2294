-- The roll-up by minute and page had nearly as many rows as there are events, of half an event's size each. What is asked of it
-- all the time, the events of each minute by site and type, stands here in one row for each hour; the pages of the view
-- analytics_summary are counted from the events, for as long as these are kept.
CREATE TABLE analytics_summary_hours (
    hour            timestamptz  NOT NULL,
    event_type      varchar(100) NOT NULL,
    site            varchar(100) NOT NULL, -- '' where the event names none
    bot             boolean      NOT NULL,
    kafka_partition integer      NOT NULL, -- as in analytics_summary_parts
    event_count     bigint       NOT NULL, -- of the hour
    -- One element for each minute with events: the minute (0 to 59) times 2^40, plus the number of events.
    minutes         bigint[]     NOT NULL,
    PRIMARY KEY (hour, event_type, site, bot, kafka_partition)
) WITH (fillfactor = 70); -- the running hour's rows are updated by every batch

GRANT SELECT, INSERT, UPDATE ON analytics_summary_hours TO footfall_writer;
GRANT SELECT ON analytics_summary_hours TO footfall_reader;

-- One row. An event before `since` is counted in analytics_summary_parts, with its page; from then on in
-- analytics_summary_hours. `footfall retain` moves it when it deletes events, and locks the table for that; who reads it in
-- a transaction has it unchanged until the end.
CREATE TABLE analytics_summary_start (since timestamptz); -- null: all events are counted in analytics_summary_hours
INSERT INTO analytics_summary_start
SELECT CASE WHEN EXISTS (SELECT FROM analytics_summary_parts) THEN date_trunc('hour', now()) END;

GRANT SELECT ON analytics_summary_start TO footfall_writer;

-- New rows of a descending index go before all others, and PostgreSQL leaves each page half empty when it splits it there. The
-- ascending one is half as large, and can be read backwards. It is built while nothing is stored: half a second for each
-- million events.
DROP INDEX idx_analytics_events_timestamp;
CREATE INDEX idx_analytics_events_timestamp ON analytics_events (timestamp);
