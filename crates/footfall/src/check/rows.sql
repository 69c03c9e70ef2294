-- How often the marked event is stored. It carries the time of now, so the newest chunks are enough.
SELECT count(*)
FROM analytics_events
WHERE event_id = $1 AND event_type = 'footfall_check' AND timestamp > now() - INTERVAL '1 day'
