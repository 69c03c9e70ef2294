-- The pages of what began in [since, until) by their page_view events. visitors: distinct visitors who viewed the page.
-- filters: see footfall.filter_values. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.top_pages(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (page text, views bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT entry.value, entry.events, entry.visitors FROM footfall.events_by_some('{page}', $1, $2, $3, $4) AS entry
$$;
REVOKE EXECUTE ON FUNCTION footfall.top_pages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.top_pages TO footfall_reader;
