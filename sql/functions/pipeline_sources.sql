-- Every source with a sample in the 24 hours before `at`: what it is, when it started, when its last sample was taken, how
-- many seconds before `at` that was, and whether it was ready then. A daemon that is silent for a minute is down, cannot
-- reach Kafka (ingest) or cannot reach the database (sink).
CREATE OR REPLACE FUNCTION footfall.pipeline_sources(at timestamptz DEFAULT now())
RETURNS TABLE (
    source text, program text, version text, started_at timestamptz, sampled_at timestamptz,
    silent_seconds double precision, ready boolean
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH latest AS (
        SELECT sample.source, max(sample.at) AS sampled_at
        FROM pipeline_samples AS sample
        WHERE sample.at > pipeline_sources.at - INTERVAL '1 day' AND sample.at <= pipeline_sources.at
        GROUP BY sample.source
    )
    SELECT sample.source::text,
        footfall.pipeline_label(build.key, 'name'), footfall.pipeline_label(build.key, 'version'),
        sample.started_at, sample.at,
        extract(epoch FROM pipeline_sources.at - sample.at)::double precision,
        sample.samples -> 'footfall_ready' = to_jsonb(1)
    FROM latest
    JOIN pipeline_samples AS sample ON sample.source = latest.source AND sample.at = latest.sampled_at
    LEFT JOIN LATERAL (
        SELECT key FROM jsonb_object_keys(sample.samples) AS key WHERE starts_with(key, 'footfall_build_info{') LIMIT 1
    ) AS build ON true
    ORDER BY 1
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_sources FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_sources TO footfall_reader;
