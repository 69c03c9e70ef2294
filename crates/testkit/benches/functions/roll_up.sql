-- The roll-up by minute that the sink would have kept for these rows. The Kafka partition does not matter here.
INSERT INTO analytics_summary_hours (hour, event_type, site, bot, kafka_partition, event_count, minutes)
SELECT date_bin('1 hour', minute, 'epoch'), event_type, site, bot, 0, sum(events),
    array_agg((extract(minute FROM minute)::bigint << 40) + events ORDER BY minute)
FROM (
    SELECT date_bin('1 minute', timestamp, 'epoch') AS minute, event_type, coalesce(site, '') AS site, bot, count(*) AS events
    FROM analytics_events
    GROUP BY 1, 2, 3, 4
) AS counted
GROUP BY 1, 2, 3, 4;
