-- The pages in [since, until) by their page_view events. visitors: distinct visitors who viewed the page.
-- filters: see footfall.matching_events. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.top_pages(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (page text, views bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT seen.page_path, sum(seen.views)::bigint, count(seen.visitor)
    FROM (
        SELECT event.page_path, coalesce(event.visitor_id, md5(event.session_id)::uuid) AS visitor, count(*) AS views
        FROM footfall.matching_events($1, $2, $3) AS event
        WHERE event.event_type = 'page_view'
        GROUP BY 1, 2
    ) AS seen
    GROUP BY seen.page_path
    ORDER BY 2 DESC, 3 DESC, 1
    LIMIT $4
$$;
REVOKE EXECUTE ON FUNCTION footfall.top_pages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.top_pages TO footfall_reader;
