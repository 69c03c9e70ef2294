-- The events of [since, until) that `filters` choose; see footfall.filter_values for the keys.
-- Those that docs/fields.md calls filters on each event are looked up in the event itself. The others belong to its visit
-- (footfall.whole_visits): the events of those visits are chosen, and an event of no visit is not.
CREATE OR REPLACE FUNCTION footfall.matching_events(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS SETOF analytics_events
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT event.*
    FROM footfall.events_alone($1, $2, $3) AS event
    WHERE NOT footfall.filters_name($3, '{entry_page,exit_page,{{list visit_attributes: @}}}')
    UNION ALL
    SELECT event.*
    -- What an event itself must have need not hold for the visit's first one.
    FROM footfall.whole_visits($1, $2, $3 - ARRAY[{{list event_attributes: '@'}}] || '{"bot": "any"}') AS visit
    -- FULL keeps PostgreSQL from a nested loop, which it takes where it expects few rows, and which would work out all visits
    -- again for each row.
    FULL JOIN footfall.events_alone($1, $2, $3) AS event
        ON coalesce(event.session_id, event.visitor_id::text) = visit.visit_key AND coalesce(event.site, '') = visit.site
    WHERE footfall.filters_name($3, '{entry_page,exit_page,{{list visit_attributes: @}}}')
        AND coalesce(event.timestamp >= visit.first_at AND event.timestamp <= visit.last_at, false)
$$;
REVOKE EXECUTE ON FUNCTION footfall.matching_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.matching_events TO footfall_reader;
