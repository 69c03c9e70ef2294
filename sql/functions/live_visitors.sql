-- The total number of visitors of footfall.live_now, in one row.
CREATE OR REPLACE FUNCTION footfall.live_visitors(at timestamptz DEFAULT now(), filters jsonb DEFAULT '{}')
RETURNS TABLE (visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT count(DISTINCT coalesce(event.visitor_id, md5(event.session_id)::uuid))
    FROM footfall.matching_events($1 - INTERVAL '5 minutes', $1 + INTERVAL '2 seconds', $2) AS event
$$;
REVOKE EXECUTE ON FUNCTION footfall.live_visitors FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.live_visitors TO footfall_reader;
