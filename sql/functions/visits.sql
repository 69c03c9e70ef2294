-- The visits that began in [since, until) and that `filters` choose, each with all that it did: see docs/definitions.md.
-- visit_key, visitor: hashes, the same for one session, and for one visitor of one day. If filters choose events (page, page_prefix, event_type,
-- property), these are the visits with at least one of them, and `events` and `views` count those only.
CREATE OR REPLACE FUNCTION footfall.visits(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS TABLE (site text, visit_key bigint, visitor bigint, first_at timestamptz, last_at timestamptz, events bigint,
    views bigint, bounced boolean, exit_page text, entry_page text, {{list attributes: @ text}})
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        (SELECT value FROM analytics_values WHERE id = visit.site), visit.visit_key, visit.visitor, visit.first_at, visit.last_at,
        visit.events, visit.views, visit.bounced, (SELECT value FROM analytics_values WHERE id = visit.exit_page),
        (SELECT value FROM analytics_values WHERE id = visit.entry_page),
        {{list attributes: (SELECT value FROM analytics_values WHERE id = visit.@)}}
    FROM (
        SELECT one.*
        FROM footfall.visit_rows($1, $2, $3, NULL, NULL) AS one
        WHERE NOT footfall.filters_name($3, '{page,page_prefix,event_type,property}')
        UNION ALL
        SELECT one.*
        -- OFFSET keeps the kinds from being worked out for each visit.
        FROM (SELECT footfall.chosen_kinds($3), footfall.chosen_kinds($3, 'page_view') OFFSET 0) AS chosen (kinds, views)
        CROSS JOIN LATERAL footfall.visit_rows($1, $2, $3, chosen.kinds, chosen.views) AS one
        WHERE footfall.filters_name($3, '{page,page_prefix,event_type,property}')
    ) AS visit
    WHERE visit.is_visit
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits TO footfall_reader;
