-- A counter's growth per second: pipeline_increases divided by time. See there for metric and label. A bucket without a
-- sample of a source has a row with null for each of its label values (see pipeline_gaps).
CREATE OR REPLACE FUNCTION footfall.pipeline_counter_rate(
    since timestamptz, until timestamptz, bucket_width interval, metric text, label text DEFAULT NULL
) RETURNS TABLE (bucket timestamptz, source text, label_value text, per_second double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH known AS (
        SELECT bucket, source, label_value, increase / nullif(seconds, 0) AS per_second
        FROM footfall.pipeline_increases(since, until, bucket_width, metric, label)
    )
    SELECT * FROM known
    UNION ALL
    SELECT gap.bucket, gap.source, series.label_value, NULL
    FROM footfall.pipeline_gaps(since, until, bucket_width) AS gap
    JOIN (SELECT DISTINCT source, label_value FROM known) AS series ON series.source = gap.source
    ORDER BY bucket, source, label_value
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_counter_rate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_counter_rate TO footfall_reader;
