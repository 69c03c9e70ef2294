-- The roll-up's count for the marked event's minute and type, a recount of the rows, and whether a visit holds the event, from one
-- snapshot. From the tables that the writer keeps, because the view analytics_summary counts from the rows itself.
WITH marked AS (
    SELECT timestamp, date_trunc('minute', timestamp, 'UTC') AS time_bucket, date_trunc('hour', timestamp, 'UTC') AS hour, event_type
    FROM analytics_events
    WHERE event_id = $1 AND event_type = 'footfall_check' AND timestamp > now() - INTERVAL '1 day'
)
SELECT
    (SELECT coalesce(sum(minute & ((1::bigint << 40) - 1)), 0)::bigint
     FROM analytics_summary_hours AS part JOIN marked USING (hour, event_type), unnest(part.minutes) AS minute
     WHERE minute >> 40 = extract(minute FROM marked.time_bucket))
    + (SELECT coalesce(sum(event_count), 0)::bigint
       FROM analytics_summary_parts JOIN marked USING (time_bucket, event_type)),
    (SELECT count(*)
     FROM analytics_events AS event JOIN marked USING (event_type)
     WHERE event.timestamp >= marked.time_bucket AND event.timestamp < marked.time_bucket + INTERVAL '1 minute'),
    EXISTS (
        SELECT
        FROM marked
        JOIN analytics_visits AS visit
            ON visit.first_at > marked.timestamp - INTERVAL '1 day' AND visit.first_at <= marked.timestamp AND visit.last_at >= marked.timestamp
        CROSS JOIN unnest(visit.kinds) AS done
        JOIN analytics_kinds AS kind ON kind.id = done >> 32
        JOIN analytics_values AS type ON type.id = kind.event_type AND type.value = marked.event_type)
