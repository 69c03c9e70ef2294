-- The properties (keys of metadata) of the events of one type in what began in [since, until), and how many events have each.
-- filters: see footfall.filter_values. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.event_properties(since timestamptz, until timestamptz, event_type text,
    filters jsonb DEFAULT '{}', row_limit integer DEFAULT 100) RETURNS TABLE (property text, events bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT entry.property, entry.events FROM footfall.events_by_some('{property}', $1, $2, $4, $5, $3) AS entry
$$;
REVOKE EXECUTE ON FUNCTION footfall.event_properties FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.event_properties TO footfall_reader;
