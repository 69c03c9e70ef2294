-- For each table: how many rows of old_rows.sql are left at or after the horizon, and before it.
SELECT string_agg(format('%s %s %s', name, kept, old), E'\n' ORDER BY name)
FROM (
    SELECT name, count(*) FILTER (WHERE at >= horizon) AS kept, count(*) FILTER (WHERE at < horizon) AS old
    FROM (
        SELECT 'events', timestamp FROM analytics_events WHERE event_type = 'old'
        UNION ALL SELECT 'visits', first_at FROM analytics_visits WHERE visit_key = -1
        UNION ALL SELECT 'summary', time_bucket FROM analytics_summary_parts WHERE event_type = 'old'
        UNION ALL SELECT 'outcomes', time_bucket FROM analytics_outcomes_parts WHERE source = 'old'
        UNION ALL SELECT 'quarantine', quarantined_at FROM analytics_quarantine WHERE topic = 'old'
        UNION ALL SELECT 'ledger', ledger.received_at FROM analytics_ledger AS ledger WHERE ledger.received_at < date_trunc('day', now(), 'UTC')
        UNION ALL SELECT 'samples', at FROM pipeline_samples WHERE source = 'old'
    ) AS rows (name, at)
    CROSS JOIN (SELECT date_trunc('day', now(), 'UTC') - INTERVAL '240 hours') AS horizon (horizon)
    GROUP BY name
) AS counted
