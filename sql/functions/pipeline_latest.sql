-- The last sample of each source that was taken after `after` and not after `before`, with what the source is.
CREATE OR REPLACE FUNCTION footfall.pipeline_latest(after timestamptz, before timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    source text, program text, version text, started_at timestamptz, sampled_at timestamptz, samples jsonb
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sample.source::text,
        footfall.pipeline_label(build.key, 'name'), footfall.pipeline_label(build.key, 'version'),
        sample.started_at, sample.at, sample.samples
    FROM (
        SELECT each.source, max(each.at) AS at
        FROM pipeline_samples AS each
        WHERE each.at > after AND each.at <= before
        GROUP BY each.source
    ) AS latest
    JOIN pipeline_samples AS sample
        ON sample.source = latest.source AND sample.at = latest.at AND sample.at > after AND sample.at <= before
    LEFT JOIN LATERAL (
        SELECT key FROM jsonb_object_keys(sample.samples) AS key WHERE starts_with(key, 'footfall_build_info{') LIMIT 1
    ) AS build ON true
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_latest FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_latest TO footfall_reader;
