-- Events by minute, type and page.
CREATE OR REPLACE VIEW analytics_summary AS
SELECT time_bucket, event_type, page_url, sum(event_count)::bigint AS event_count
FROM analytics_summary_parts
GROUP BY time_bucket, event_type, page_url;

GRANT SELECT ON analytics_summary TO footfall_reader;
