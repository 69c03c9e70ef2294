WITH kept AS (
    SELECT half_hour, site, visit_key, first_at, first_id, last_at, last_id, events, views, actions, bot, visitor_id, exit_page, entry_page,
        referrer_host, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content, browser, os, device, language, screen, country
    FROM analytics_visit_parts
), recount AS (
    SELECT time_bucket('30 minutes', timestamp), coalesce(site, ''), coalesce(session_id, visitor_id::text),
        min(timestamp), (array_agg(event_id ORDER BY timestamp, event_id))[1],
        max(timestamp), (array_agg(event_id ORDER BY timestamp DESC, event_id DESC))[1],
        count(*)::integer,
        count(*) FILTER (WHERE event_type = 'page_view')::integer,
        count(*) FILTER (WHERE event_type NOT IN ('page_view', 'page_unload', 'engagement', 'web_vitals'))::integer,
        bool_or(bot),
        (array_agg(visitor_id ORDER BY visitor_id))[1],
        (array_agg(page_path ORDER BY timestamp DESC, event_id DESC))[1],
        (array_agg(page_path ORDER BY timestamp, event_id))[1],
        (array_agg(referrer_host ORDER BY timestamp, event_id))[1],
        (array_agg(channel ORDER BY timestamp, event_id))[1],
        (array_agg(utm_source ORDER BY timestamp, event_id))[1],
        (array_agg(utm_medium ORDER BY timestamp, event_id))[1],
        (array_agg(utm_campaign ORDER BY timestamp, event_id))[1],
        (array_agg(utm_term ORDER BY timestamp, event_id))[1],
        (array_agg(utm_content ORDER BY timestamp, event_id))[1],
        (array_agg(browser ORDER BY timestamp, event_id))[1],
        (array_agg(os ORDER BY timestamp, event_id))[1],
        (array_agg(device ORDER BY timestamp, event_id))[1],
        (array_agg(language ORDER BY timestamp, event_id))[1],
        (array_agg(screen ORDER BY timestamp, event_id))[1],
        (array_agg(country ORDER BY timestamp, event_id))[1]
    FROM analytics_events
    WHERE session_id IS NOT NULL OR visitor_id IS NOT NULL
    GROUP BY 1, 2, coalesce(session_id, visitor_id::text)
)
SELECT count(*) FROM (
    (TABLE kept EXCEPT ALL TABLE recount) UNION ALL (TABLE recount EXCEPT ALL TABLE kept)
) AS differing
