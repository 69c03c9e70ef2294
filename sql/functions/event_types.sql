-- The events of what began in [since, until) by type. visitors: distinct visitors who caused them. filters: see footfall.filter_values.
-- row_limit: rows at most, those with the most events.
CREATE OR REPLACE FUNCTION footfall.event_types(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 1000) RETURNS TABLE (event_type text, events bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT entry.value, entry.events, entry.visitors FROM footfall.events_by_some('{event_type}', $1, $2, $3, $4) AS entry
$$;
REVOKE EXECUTE ON FUNCTION footfall.event_types FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.event_types TO footfall_reader;
