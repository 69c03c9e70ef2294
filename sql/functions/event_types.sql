-- The events in [since, until) by type. visitors: distinct visitors who caused them. filters: see footfall.matching_events.
CREATE OR REPLACE FUNCTION footfall.event_types(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS TABLE (event_type text, events bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT seen.event_type, sum(seen.events)::bigint, count(seen.visitor)
    FROM (
        SELECT event.event_type, coalesce(event.visitor_id, md5(event.session_id)::uuid) AS visitor, count(*) AS events
        FROM footfall.matching_events($1, $2, $3) AS event
        GROUP BY 1, 2
    ) AS seen
    GROUP BY seen.event_type
    ORDER BY 2 DESC, 1
$$;
REVOKE EXECUTE ON FUNCTION footfall.event_types FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.event_types TO footfall_reader;
