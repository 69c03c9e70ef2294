-- The files that were downloaded in what began in [since, until). visitors: distinct visitors who did so.
-- filters: see footfall.filter_values. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.downloads(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (url text, downloads bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT entry.value, entry.events, entry.visitors FROM footfall.events_by_some('{download}', $1, $2, $3, $4) AS entry
$$;
REVOKE EXECUTE ON FUNCTION footfall.downloads FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.downloads TO footfall_reader;
