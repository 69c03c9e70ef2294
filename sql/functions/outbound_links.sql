-- The links to other sites that were clicked in what began in [since, until). visitors: distinct visitors who did so.
-- filters: see footfall.filter_values. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.outbound_links(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (url text, clicks bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT entry.value, entry.events, entry.visitors FROM footfall.events_by_some('{outbound_link}', $1, $2, $3, $4) AS entry
$$;
REVOKE EXECUTE ON FUNCTION footfall.outbound_links FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.outbound_links TO footfall_reader;
