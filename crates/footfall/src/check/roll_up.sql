-- The roll-up's count for the marked event's minute and page, and a recount of the rows, from one snapshot.
WITH marked AS (
    SELECT date_trunc('minute', timestamp, 'UTC') AS time_bucket, event_type, page_url
    FROM analytics_events
    WHERE event_id = $1 AND event_type = 'footfall_check' AND timestamp > now() - INTERVAL '1 day'
)
SELECT
    (SELECT coalesce(sum(event_count), 0)::bigint
     FROM analytics_summary JOIN marked USING (time_bucket, event_type, page_url)),
    (SELECT count(*)
     FROM analytics_events AS event JOIN marked USING (event_type, page_url)
     WHERE event.timestamp >= marked.time_bucket AND event.timestamp < marked.time_bucket + INTERVAL '1 minute')
