-- The events of [since, until) that pass those of `filters` that choose events, and site and bot; the others are ignored: see
-- footfall.matching_events. This is one scan, which keeps the order of time where that is asked for.
CREATE OR REPLACE FUNCTION footfall.events_alone(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS SETOF analytics_events
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT event.*
    FROM analytics_events AS event
    WHERE event.timestamp >= $1 AND event.timestamp < $2
        AND (footfall.filter_values($3, 'site') IS NULL OR coalesce(event.site, '') = ANY (footfall.filter_values($3, 'site')))
        AND (footfall.filter_values($3, 'page') IS NULL OR coalesce(event.page_path, '') = ANY (footfall.filter_values($3, 'page')))
        AND (footfall.filter_values($3, 'page_prefix') IS NULL OR event.page_path LIKE ANY (footfall.filter_values($3, 'page_prefix')))
        AND (footfall.filter_values($3, 'event_type') IS NULL OR event.event_type = ANY (footfall.filter_values($3, 'event_type')))
        AND (footfall.filter_values($3, 'property') IS NULL OR event.metadata ?& footfall.filter_values($3, 'property') AND footfall.has_properties(event.metadata, $3))
        AND (footfall.filter_values($3, 'bot') IS NULL OR event.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
$$;
REVOKE EXECUTE ON FUNCTION footfall.events_alone FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.events_alone TO footfall_reader;
