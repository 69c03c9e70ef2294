-- The number of rows of the marked event. Its timestamp is recent, so only the newest chunks are searched.
SELECT count(*)
FROM analytics_events
WHERE event_id = $1 AND event_type = 'footfall_check' AND timestamp > now() - INTERVAL '1 day'
