-- The values of one property (a key of metadata) in the events of one type in [since, until), as text; null is JSON's null.
-- Events without the property do not count. visitors: distinct visitors who caused them.
-- filters: see footfall.matching_events. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.property_values(since timestamptz, until timestamptz, event_type text, property text,
    filters jsonb DEFAULT '{}', row_limit integer DEFAULT 100)
RETURNS TABLE (value text, events bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT event.metadata ->> $4, count(*), count(DISTINCT coalesce(event.visitor_id, md5(event.session_id)::uuid))
    FROM footfall.matching_events($1, $2, $5) AS event
    WHERE event.event_type = $3 AND event.metadata -> $4 IS NOT NULL
    GROUP BY 1
    ORDER BY 2 DESC, 1
    LIMIT $6
$$;
REVOKE EXECUTE ON FUNCTION footfall.property_values FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.property_values TO footfall_reader;
