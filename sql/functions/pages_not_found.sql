-- The missing pages that were requested in what began in [since, until), with the referring URL (null if the browser sent none).
-- visitors: distinct visitors who did so. filters: see footfall.filter_values. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.pages_not_found(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (page text, referrer text, hits bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT entry.subject, entry.value, entry.events, entry.visitors FROM footfall.events_by_some('{not_found}', $1, $2, $3, $4) AS entry
$$;
REVOKE EXECUTE ON FUNCTION footfall.pages_not_found FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pages_not_found TO footfall_reader;
