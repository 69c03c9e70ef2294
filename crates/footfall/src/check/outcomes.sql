-- How many events the sink has stored and ingest has accepted since $1.
SELECT
    coalesce(sum(event_count) FILTER (WHERE source = 'sink' AND outcome = 'stored'), 0)::bigint,
    coalesce(sum(event_count) FILTER (WHERE source <> 'sink' AND outcome = 'accepted'), 0)::bigint
FROM analytics_outcomes
WHERE time_bucket >= $1
