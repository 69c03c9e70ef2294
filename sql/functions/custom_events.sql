-- The custom events of what began in [since, until): types that the tracker does not send by itself, but footfall.track or a server does.
-- visitors: distinct visitors who caused them. filters: see footfall.filter_values. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.custom_events(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (event_type text, events bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT *
    FROM footfall.event_types($1, $2, $3, $4 + 10) AS entry
    WHERE entry.event_type NOT IN ('page_view', 'page_unload', 'button_click', 'navigation_click', 'outbound_click',
        'file_download', 'form_submit', 'page_not_found', 'engagement', 'web_vitals')
    LIMIT $4
$$;
REVOKE EXECUTE ON FUNCTION footfall.custom_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.custom_events TO footfall_reader;
