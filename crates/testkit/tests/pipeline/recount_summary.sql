WITH kept AS (
    SELECT at, site, event_type, bot, sum(events) AS events
    FROM (
        SELECT time_bucket AS at, site, event_type, bot, event_count AS events FROM analytics_summary_parts
        UNION ALL
        SELECT hour + (minute >> 40) * INTERVAL '1 minute', site, event_type, bot, minute & ((1::bigint << 40) - 1)
        FROM analytics_summary_hours, unnest(minutes) AS minute
    ) AS part
    GROUP BY 1, 2, 3, 4
), recount AS (
    SELECT time_bucket('1 minute', timestamp), coalesce(site, ''), event_type, bot, count(*)::numeric
    FROM analytics_events GROUP BY 1, 2, 3, 4
), hours AS (
    SELECT hour, sum(event_count) FROM analytics_summary_hours GROUP BY 1
), hours_recount AS (
    SELECT hour, sum(minute & ((1::bigint << 40) - 1)) FROM analytics_summary_hours, unnest(minutes) AS minute GROUP BY 1
), pages AS (
    SELECT time_bucket, event_type, page_url, event_count::numeric FROM analytics_summary
), pages_recount AS (
    SELECT time_bucket('1 minute', timestamp), event_type, page_url, count(*)::numeric
    FROM analytics_events GROUP BY 1, 2, 3
)
SELECT count(*) FROM (
    SELECT FROM ((TABLE kept EXCEPT ALL TABLE recount) UNION ALL (TABLE recount EXCEPT ALL TABLE kept)) AS minutes
    UNION ALL
    SELECT FROM ((TABLE hours EXCEPT ALL TABLE hours_recount) UNION ALL (TABLE hours_recount EXCEPT ALL TABLE hours)) AS hours
    UNION ALL
    SELECT FROM ((TABLE pages EXCEPT ALL TABLE pages_recount) UNION ALL (TABLE pages_recount EXCEPT ALL TABLE pages)) AS pages
) AS differing
