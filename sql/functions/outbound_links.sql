-- The links to other sites that were clicked in [since, until). visitors: distinct visitors who did so.
-- filters: see footfall.matching_events. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.outbound_links(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (url text, clicks bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT event.metadata ->> 'url', count(*), count(DISTINCT coalesce(event.visitor_id, md5(event.session_id)::uuid))
    FROM footfall.matching_events($1, $2, $3) AS event
    WHERE event.event_type = 'outbound_click'
    GROUP BY 1
    ORDER BY 2 DESC, 1
    LIMIT $4
$$;
REVOKE EXECUTE ON FUNCTION footfall.outbound_links FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.outbound_links TO footfall_reader;
