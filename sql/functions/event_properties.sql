-- The properties (keys of metadata) of the events of one type in [since, until), and how many events have each.
-- filters: see footfall.matching_events. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.event_properties(since timestamptz, until timestamptz, event_type text,
    filters jsonb DEFAULT '{}', row_limit integer DEFAULT 100) RETURNS TABLE (property text, events bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT property.key, count(*)
    FROM footfall.matching_events($1, $2, $4) AS event
    CROSS JOIN LATERAL jsonb_object_keys(CASE WHEN jsonb_typeof(event.metadata) = 'object' THEN event.metadata END) AS property (key)
    WHERE event.event_type = $3
    GROUP BY 1
    ORDER BY 2 DESC, 1
    LIMIT $5
$$;
REVOKE EXECUTE ON FUNCTION footfall.event_properties FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.event_properties TO footfall_reader;
