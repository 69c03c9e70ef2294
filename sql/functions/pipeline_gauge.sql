-- The value of a gauge: the last sample of each bucket and source.
--
-- metric      the gauge's name as in /metrics
-- label       the label (or several: 'topic,partition', see pipeline_label) to group by; other labels are summed, and all
--             are if label is null
--
-- A bucket without a sample of a source has a row with null for each of its label values (see pipeline_gaps): a daemon that
-- is down has no value, rather than its last one.
CREATE OR REPLACE FUNCTION footfall.pipeline_gauge(
    since timestamptz, until timestamptz, bucket_width interval, metric text, label text DEFAULT NULL
) RETURNS TABLE (bucket timestamptz, source text, label_value text, value double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH picked AS (
        SELECT DISTINCT ON (time_bucket(bucket_width, sample.at), sample.source)
            time_bucket(bucket_width, sample.at) AS bucket, sample.source::text, sample.samples
        FROM pipeline_samples AS sample
        WHERE sample.at >= since AND sample.at < until
        ORDER BY time_bucket(bucket_width, sample.at), sample.source, sample.at DESC
    ), known AS (
        SELECT bucket, source, footfall.pipeline_label(series.key, label) AS label_value,
            sum(series.value::double precision) AS value
        FROM picked CROSS JOIN LATERAL jsonb_each(samples) AS series
        WHERE series.key = metric OR starts_with(series.key, metric || '{')
        GROUP BY 1, 2, 3
    )
    SELECT * FROM known
    UNION ALL
    SELECT gap.bucket, gap.source, series.label_value, NULL
    FROM footfall.pipeline_gaps(since, until, bucket_width) AS gap
    JOIN (SELECT DISTINCT source, label_value FROM known) AS series ON series.source = gap.source
    ORDER BY bucket, source, label_value
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_gauge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_gauge TO footfall_reader;
