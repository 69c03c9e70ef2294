-- The events of [since, until) that `filters` choose; see footfall.filter_values for the keys.
-- site, page, page_prefix, event_type, bot, browser, os, device, country, language and screen are looked up in the event
-- itself. referrer_host, channel, utm_*, entry_page and exit_page belong to its visit (footfall.whole_visits): the events
-- of those visits are chosen, and an event of no visit is not.
CREATE OR REPLACE FUNCTION footfall.matching_events(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS SETOF analytics_events
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT event.*
    FROM analytics_events AS event
    WHERE NOT footfall.filters_name($3, '{referrer_host,channel,utm_source,utm_medium,utm_campaign,utm_term,utm_content,entry_page,exit_page}')
        AND event.timestamp >= $1 AND event.timestamp < $2
        AND (footfall.filter_values($3, 'site') IS NULL OR coalesce(event.site, '') = ANY (footfall.filter_values($3, 'site')))
        AND (footfall.filter_values($3, 'page') IS NULL OR coalesce(event.page_path, '') = ANY (footfall.filter_values($3, 'page')))
        AND (footfall.filter_values($3, 'page_prefix') IS NULL OR event.page_path LIKE ANY (footfall.filter_values($3, 'page_prefix')))
        AND (footfall.filter_values($3, 'event_type') IS NULL OR event.event_type = ANY (footfall.filter_values($3, 'event_type')))
        AND (footfall.filter_values($3, 'bot') IS NULL OR event.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
        AND (footfall.filter_values($3, 'browser') IS NULL OR coalesce(event.browser, '') = ANY (footfall.filter_values($3, 'browser')))
        AND (footfall.filter_values($3, 'os') IS NULL OR coalesce(event.os, '') = ANY (footfall.filter_values($3, 'os')))
        AND (footfall.filter_values($3, 'device') IS NULL OR coalesce(event.device, '') = ANY (footfall.filter_values($3, 'device')))
        AND (footfall.filter_values($3, 'country') IS NULL OR coalesce(event.country, '') = ANY (footfall.filter_values($3, 'country')))
        AND (footfall.filter_values($3, 'language') IS NULL OR coalesce(event.language, '') = ANY (footfall.filter_values($3, 'language')))
        AND (footfall.filter_values($3, 'screen') IS NULL OR coalesce(event.screen, '') = ANY (footfall.filter_values($3, 'screen')))
    UNION ALL
    SELECT event.*
    -- What an event itself must have need not hold for the visit's first one.
    FROM footfall.whole_visits($1, $2, $3 - '{browser,os,device,country,language,screen}'::text[] || '{"bot": "any"}') AS visit
    JOIN analytics_events AS event
        ON coalesce(event.session_id, event.visitor_id::text) = visit.visit_key AND coalesce(event.site, '') = visit.site
        AND event.timestamp >= visit.first_at AND event.timestamp <= visit.last_at
    WHERE footfall.filters_name($3, '{referrer_host,channel,utm_source,utm_medium,utm_campaign,utm_term,utm_content,entry_page,exit_page}')
        AND event.timestamp >= $1 AND event.timestamp < $2
        AND (footfall.filter_values($3, 'site') IS NULL OR coalesce(event.site, '') = ANY (footfall.filter_values($3, 'site')))
        AND (footfall.filter_values($3, 'page') IS NULL OR coalesce(event.page_path, '') = ANY (footfall.filter_values($3, 'page')))
        AND (footfall.filter_values($3, 'page_prefix') IS NULL OR event.page_path LIKE ANY (footfall.filter_values($3, 'page_prefix')))
        AND (footfall.filter_values($3, 'event_type') IS NULL OR event.event_type = ANY (footfall.filter_values($3, 'event_type')))
        AND (footfall.filter_values($3, 'bot') IS NULL OR event.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
        AND (footfall.filter_values($3, 'browser') IS NULL OR coalesce(event.browser, '') = ANY (footfall.filter_values($3, 'browser')))
        AND (footfall.filter_values($3, 'os') IS NULL OR coalesce(event.os, '') = ANY (footfall.filter_values($3, 'os')))
        AND (footfall.filter_values($3, 'device') IS NULL OR coalesce(event.device, '') = ANY (footfall.filter_values($3, 'device')))
        AND (footfall.filter_values($3, 'country') IS NULL OR coalesce(event.country, '') = ANY (footfall.filter_values($3, 'country')))
        AND (footfall.filter_values($3, 'language') IS NULL OR coalesce(event.language, '') = ANY (footfall.filter_values($3, 'language')))
        AND (footfall.filter_values($3, 'screen') IS NULL OR coalesce(event.screen, '') = ANY (footfall.filter_values($3, 'screen')))
$$;
REVOKE EXECUTE ON FUNCTION footfall.matching_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.matching_events TO footfall_reader;
