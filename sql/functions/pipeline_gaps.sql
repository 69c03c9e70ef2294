-- The buckets of [since, until) in which a source took no sample, for each source that took one in the range. A graph needs
-- a row with null for them, or it draws a line across an outage. Not the last minute: its sample may still come.
CREATE OR REPLACE FUNCTION footfall.pipeline_gaps(since timestamptz, until timestamptz, bucket_width interval)
RETURNS TABLE (bucket timestamptz, source text)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH reported AS (
        SELECT DISTINCT time_bucket(bucket_width, sample.at) AS bucket, sample.source::text
        FROM pipeline_samples AS sample
        WHERE sample.at >= since AND sample.at < until
    )
    SELECT each.bucket, sources.source
    FROM generate_series(time_bucket(bucket_width, since), until - INTERVAL '1 minute' - bucket_width, bucket_width) AS each (bucket)
    CROSS JOIN (SELECT DISTINCT reported.source FROM reported) AS sources
    WHERE each.bucket >= since
    EXCEPT SELECT reported.bucket, reported.source FROM reported
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_gaps FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_gaps TO footfall_reader;
