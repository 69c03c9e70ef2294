WITH kept AS (
    SELECT half_hour, site, visit_key, first_at, first_id, last_at, last_id, events, views, actions, bot, visitor_id,
        exit_page, entry_page, referrer_host, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content,
        browser, os, device, language, screen, country
    FROM analytics_visit_parts
), recount AS (
    SELECT half_hour, site, visit_key, first_at, first_id, last_at, last_id, events, views, actions, bot, visitor_id,
        exit_page, entry_page, referrer_host, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content,
        browser, os, device, language, screen, country
    FROM footfall.visit_cells_of_events('-infinity', 'infinity')
)
SELECT count(*) FROM (
    (TABLE kept EXCEPT ALL TABLE recount) UNION ALL (TABLE recount EXCEPT ALL TABLE kept)
) AS differing
