-- The visitors in the 5 minutes before `at`, by the last page of each. Includes the 2 seconds after `at`, because ingest
-- does not correct a client's clock that is ahead by less than that.
-- filters: see footfall.matching_events. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.live_now(at timestamptz DEFAULT now(), filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (page text, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT latest.page_path, count(*)
    FROM (
        SELECT DISTINCT ON (coalesce(event.visitor_id, md5(event.session_id)::uuid)) event.page_path
        FROM footfall.matching_events($1 - INTERVAL '5 minutes', $1 + INTERVAL '2 seconds', $2) AS event
        WHERE coalesce(event.visitor_id::text, event.session_id) IS NOT NULL
        ORDER BY coalesce(event.visitor_id, md5(event.session_id)::uuid), event.timestamp DESC, event.event_id DESC
    ) AS latest
    GROUP BY latest.page_path
    ORDER BY 2 DESC, 1
    LIMIT $3
$$;
REVOKE EXECUTE ON FUNCTION footfall.live_now FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.live_now TO footfall_reader;
