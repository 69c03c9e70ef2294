-- The missing pages that were requested in [since, until), with the referring URL (null if the browser sent none).
-- visitors: distinct visitors who did so.
-- filters: see footfall.matching_events. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.pages_not_found(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (page text, referrer text, hits bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        event.page_path, event.referrer, count(*), count(DISTINCT coalesce(event.visitor_id, md5(event.session_id)::uuid))
    FROM footfall.matching_events($1, $2, $3) AS event
    WHERE event.event_type = 'page_not_found'
    GROUP BY 1, 2
    ORDER BY 3 DESC, 1, 2
    LIMIT $4
$$;
REVOKE EXECUTE ON FUNCTION footfall.pages_not_found FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pages_not_found TO footfall_reader;
