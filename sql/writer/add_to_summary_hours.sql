-- $6: a minute's events, as in analytics_summary_hours.minutes. The rows of a table hold a whole hour each.
INSERT INTO analytics_summary_hours AS part (hour, event_type, site, bot, kafka_partition, event_count, minutes)
SELECT hour, event_type, site, bot, kafka_partition, sum(minute & ((1::bigint << 40) - 1)), array_agg(minute ORDER BY minute)
FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::boolean[], $5::integer[], $6::bigint[])
    AS fresh (hour, event_type, site, bot, kafka_partition, minute)
GROUP BY hour, event_type, site, bot, kafka_partition
ON CONFLICT (hour, event_type, site, bot, kafka_partition) DO UPDATE SET
    event_count = part.event_count + excluded.event_count,
    minutes = ARRAY(
        SELECT (minute >> 40 << 40) + sum(minute & ((1::bigint << 40) - 1))::bigint
        FROM unnest(part.minutes || excluded.minutes) AS minute
        GROUP BY minute >> 40
        ORDER BY 1
    )
