-- Events by minute, type and page: counted from the events, where those are kept. See analytics_summary_start.
CREATE OR REPLACE VIEW analytics_summary AS
SELECT time_bucket, event_type, page_url, sum(event_count)::bigint AS event_count
FROM analytics_summary_parts
WHERE time_bucket < (SELECT since FROM analytics_summary_start)
GROUP BY time_bucket, event_type, page_url
UNION ALL
-- time_bucket, because TimescaleDB turns a condition on it into one on timestamp.
SELECT time_bucket('1 minute', timestamp) AS time_bucket, event_type, page_url, count(*) AS event_count
FROM analytics_events
WHERE timestamp >= coalesce((SELECT since FROM analytics_summary_start), '-infinity')
GROUP BY 1, 2, 3;

GRANT SELECT ON analytics_summary TO footfall_reader;
