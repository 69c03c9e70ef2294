-- A quantile of a histogram's observations in each bucket of time: 0.99 is the 99th percentile.
--
-- metric      the histogram's name as in /metrics, without _bucket
-- quantile    0 to 1
-- seconds     in the histogram's unit: for footfall_sink_batch_rows, rows. Observations are assumed to be spread evenly
--             between a histogram's bounds; beyond the last bound it is the last bound. Null if nothing was observed, or
--             no sample was taken (see pipeline_gaps), so that the line in a graph breaks there.
--
-- All labels except le are summed. Restarts and missing samples: see pipeline_increases.
CREATE OR REPLACE FUNCTION footfall.pipeline_quantile(
    since timestamptz, until timestamptz, bucket_width interval, metric text, quantile double precision
) RETURNS TABLE (bucket timestamptz, source text, seconds double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH bounds AS (
        SELECT bucket, source, label_value::double precision AS le, increase AS below
        FROM footfall.pipeline_increases(since, until, bucket_width, metric || '_bucket', 'le')
    ), steps AS (
        SELECT bucket, source, le, below,
            lag(le, 1, 0::double precision) OVER by_bound AS le_before,
            lag(below, 1, 0::double precision) OVER by_bound AS below_before,
            max(below) OVER (PARTITION BY bucket, source) AS observed
        FROM bounds
        WINDOW by_bound AS (PARTITION BY bucket, source ORDER BY le)
    ), known AS (
        SELECT DISTINCT ON (bucket, source) bucket, source,
            CASE
                WHEN observed = 0 THEN NULL
                WHEN le = 'Infinity' THEN le_before
                ELSE le_before + (le - le_before) * (quantile * observed - below_before) / (below - below_before)
            END
        FROM steps
        WHERE observed = 0 OR (below >= quantile * observed AND below > below_before)
        ORDER BY bucket, source, le
    )
    SELECT * FROM known
    UNION ALL
    SELECT gap.bucket, gap.source, NULL
    FROM footfall.pipeline_gaps(since, until, bucket_width) AS gap
    WHERE gap.source IN (SELECT known.source FROM known)
    ORDER BY bucket, source
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_quantile FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_quantile TO footfall_reader;
