-- The custom events in [since, until): types that the tracker does not send by itself, but footfall.track or a server does.
-- visitors: distinct visitors who caused them. filters: see footfall.matching_events. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.custom_events(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (event_type text, events bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT seen.event_type, sum(seen.events)::bigint, count(seen.visitor)
    FROM (
        SELECT event.event_type, coalesce(event.visitor_id, md5(event.session_id)::uuid) AS visitor, count(*) AS events
        FROM footfall.matching_events($1, $2, $3) AS event
        WHERE event.event_type NOT IN ('page_view', 'page_unload', 'button_click', 'navigation_click', 'outbound_click',
            'file_download', 'form_submit', 'page_not_found', 'engagement', 'web_vitals')
        GROUP BY 1, 2
    ) AS seen
    GROUP BY seen.event_type
    ORDER BY 2 DESC, 1
    LIMIT $4
$$;
REVOKE EXECUTE ON FUNCTION footfall.custom_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.custom_events TO footfall_reader;
