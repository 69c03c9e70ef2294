WITH kept AS (
    SELECT time_bucket, event_type, page_url, site, bot, sum(event_count) AS events
    FROM analytics_summary_parts GROUP BY 1, 2, 3, 4, 5
), recount AS (
    SELECT time_bucket('1 minute', timestamp), event_type, page_url, coalesce(site, ''), bot, count(*)::numeric
    FROM analytics_events GROUP BY 1, 2, 3, 4, 5
)
SELECT count(*) FROM (
    (TABLE kept EXCEPT ALL TABLE recount) UNION ALL (TABLE recount EXCEPT ALL TABLE kept)
) AS differing
