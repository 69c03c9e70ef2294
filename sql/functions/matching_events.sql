-- The events of [since, until) that `filters` choose; see footfall.filter_values for the keys.
-- site, page, page_prefix, event_type, bot, browser, os, device, country, language and screen are looked up in the event
-- itself. referrer_host, channel, utm_*, entry_page and exit_page belong to its visit (footfall.whole_visits): the events
-- of those visits are chosen, and an event of no visit is not.
CREATE OR REPLACE FUNCTION footfall.matching_events(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS SETOF analytics_events
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT event.*
    FROM footfall.events_alone($1, $2, $3) AS event
    WHERE NOT footfall.filters_name($3, '{referrer_host,channel,utm_source,utm_medium,utm_campaign,utm_term,utm_content,entry_page,exit_page}')
    UNION ALL
    SELECT event.*
    -- What an event itself must have need not hold for the visit's first one.
    FROM footfall.whole_visits($1, $2, $3 - '{browser,os,device,country,language,screen}'::text[] || '{"bot": "any"}') AS visit
    -- FULL keeps PostgreSQL from a nested loop, which it takes where it expects few rows, and which would work out all visits
    -- again for each row.
    FULL JOIN footfall.events_alone($1, $2, $3) AS event
        ON coalesce(event.session_id, event.visitor_id::text) = visit.visit_key AND coalesce(event.site, '') = visit.site
    WHERE footfall.filters_name($3, '{referrer_host,channel,utm_source,utm_medium,utm_campaign,utm_term,utm_content,entry_page,exit_page}')
        AND coalesce(event.timestamp >= visit.first_at AND event.timestamp <= visit.last_at, false)
$$;
REVOKE EXECUTE ON FUNCTION footfall.matching_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.matching_events TO footfall_reader;
