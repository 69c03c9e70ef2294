-- The events of [since, until) that `filters` choose; see footfall.filter_values. Filters by a dimension choose visits (footfall.visits),
-- and so their events; an event of no visit is chosen by its own values.
CREATE OR REPLACE FUNCTION footfall.matching_events(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS SETOF analytics_events
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT event.*
    FROM footfall.events_alone($1, $2, $3) AS event
    WHERE NOT footfall.filters_name($3, '{entry_page,exit_page,{{list attributes: @}}}')
    UNION ALL
    SELECT event.*
    -- No event is later than a day after the beginning of its visit.
    FROM footfall.visit_rows($1 - INTERVAL '24 hours', $2, $3 - '{page,page_prefix,event_type,property,bot}'::text[] || '{"bot": "any"}', NULL, NULL) AS visit
    -- FULL keeps PostgreSQL from a nested loop, which it takes where it expects few rows.
    FULL JOIN footfall.events_alone($1, $2, $3) AS event
        ON hashtextextended(coalesce(event.session_id, event.visitor_id::text), hashtextextended(coalesce(event.site, ''), 0)) = visit.visit_key
    WHERE footfall.filters_name($3, '{entry_page,exit_page,{{list attributes: @}}}')
        AND coalesce(event.timestamp >= visit.first_at AND event.timestamp <= visit.last_at, false)
    UNION ALL
    SELECT event.*
    FROM footfall.events_alone($1, $2, $3) AS event
    WHERE footfall.filters_name($3, '{entry_page,exit_page,{{list attributes: @}}}')
        AND event.session_id IS NULL AND event.visitor_id IS NULL
        AND (footfall.filter_values($3, 'entry_page') IS NULL OR coalesce(event.page_path, '') = ANY (footfall.filter_values($3, 'entry_page')))
        AND (footfall.filter_values($3, 'exit_page') IS NULL OR coalesce(event.page_path, '') = ANY (footfall.filter_values($3, 'exit_page')))
        {{each attributes: AND (footfall.filter_values($3, '@') IS NULL OR coalesce(event.@, '') = ANY (footfall.filter_values($3, '@')))
        ; channel: AND (footfall.filter_values($3, 'channel') IS NULL OR coalesce(event.channel, 'direct') = ANY (footfall.filter_values($3, 'channel')))
        }}
$$;
REVOKE EXECUTE ON FUNCTION footfall.matching_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.matching_events TO footfall_reader;
