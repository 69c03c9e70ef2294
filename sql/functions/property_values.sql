-- The values of one property (a key of metadata) in the events of one type in what began in [since, until), as text; null is JSON's null.
-- Events without the property do not count. Longer values are cut to 500 characters. visitors: distinct visitors who caused them.
-- filters: see footfall.filter_values. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.property_values(since timestamptz, until timestamptz, event_type text, property text,
    filters jsonb DEFAULT '{}', row_limit integer DEFAULT 100)
RETURNS TABLE (value text, events bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT entry.value, entry.events, entry.visitors FROM footfall.events_by_some('{property_value}', $1, $2, $5, $6, $3, $4) AS entry
$$;
REVOKE EXECUTE ON FUNCTION footfall.property_values FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.property_values TO footfall_reader;
