-- How often each source's process was restarted between since and until, as far as samples show, and when the last one
-- started. A source's very first process does not count as a restart.
CREATE OR REPLACE FUNCTION footfall.pipeline_restarts(since timestamptz, until timestamptz)
RETURNS TABLE (source text, restarts bigint, started_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sample.source::text,
        count(DISTINCT sample.started_at) FILTER (WHERE sample.started_at >= since)
            - CASE WHEN min(sample.started_at) >= since AND NOT EXISTS (
                SELECT FROM pipeline_samples AS former
                WHERE former.source = sample.source AND former.at < since AND former.at >= since - INTERVAL '1 day'
            ) THEN 1 ELSE 0 END,
        max(sample.started_at)
    FROM pipeline_samples AS sample
    WHERE sample.at >= since AND sample.at < until
    GROUP BY sample.source
    ORDER BY sample.source
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_restarts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_restarts TO footfall_reader;
