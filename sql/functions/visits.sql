-- The visits of [since, until) that `filters` choose; see footfall.whole_visits, and footfall.filter_values for the keys.
-- If filters choose events (page, page_prefix, event_type), these are the visits with at least one of them, and `events` and
-- `views` count those only. Everything else is the whole visit's: a page that is read in the middle of a visit does not
-- change where the visit came from.
CREATE OR REPLACE FUNCTION footfall.visits(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS TABLE (site text, visit_key text, visitor uuid, first_at timestamptz, last_at timestamptz, events bigint,
    views bigint, bounced boolean, exit_page text, entry_page text, {{list attributes: @ text}})
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        visit.site, visit.visit_key, visit.visitor, visit.first_at, visit.last_at, visit.events, visit.views,
        visit.bounced, visit.exit_page, visit.entry_page, {{list attributes: visit.@}}
    FROM footfall.whole_visits($1, $2, $3) AS visit
    WHERE NOT footfall.filters_name($3, '{page,page_prefix,event_type}')
    UNION ALL
    SELECT
        visit.site, visit.visit_key, any_value(visit.visitor), visit.first_at, any_value(visit.last_at), count(*),
        count(*) FILTER (WHERE event.event_type = 'page_view'), any_value(visit.bounced), any_value(visit.exit_page),
        any_value(visit.entry_page), {{list attributes: any_value(visit.@)}}
    FROM footfall.whole_visits($1, $2, $3) AS visit
    -- FULL keeps PostgreSQL from a nested loop, which it takes where it expects few rows, and which would work out all visits
    -- again for each row.
    FULL JOIN (
        SELECT event.*, coalesce(event.session_id, event.visitor_id::text) AS visit_key, coalesce(event.site, '') AS visit_site
        FROM footfall.events_alone($1, $2,
            $3 - '{site,{{list event_attributes: @}}}'::text[] || '{"bot": "any"}') AS event
    ) AS event
        ON event.visit_key = visit.visit_key AND event.visit_site = visit.site
    WHERE footfall.filters_name($3, '{page,page_prefix,event_type}')
        AND coalesce(event.timestamp >= visit.first_at AND event.timestamp <= visit.last_at, false)
    GROUP BY visit.site, visit.visit_key, visit.first_at
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits TO footfall_reader;
