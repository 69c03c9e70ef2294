-- By how much a counter grew in each bucket, according to its source's samples.
--
-- metric      the counter's name as in /metrics, with its _total, _count, _sum or _bucket
-- label       the label (or several: 'a,b', see pipeline_label) to group by; other labels are summed, and all are if label
--             is null
-- increase    the growth from the last sample before the bucket to the bucket's last sample
-- seconds     the time between these two: a bucket with missing samples covers more than its own time, and one in which
--             the process started covers only the time since then
--
-- A counter starts at 0 with its process, so after a restart the whole value counts, as it does when a value is lower than
-- the previous one. What was counted between a process's last sample and its end is lost. A series that is missing from a
-- process's earlier sample was 0 then. The very first sample does not say when its value was counted, so it gives no row
-- unless the process's start is within reach. Samples up to one bucket, or at least 5 minutes, before since are read to
-- find the previous value.
CREATE OR REPLACE FUNCTION footfall.pipeline_increases(
    since timestamptz, until timestamptz, bucket_width interval, metric text, label text DEFAULT NULL
) RETURNS TABLE (bucket timestamptz, source text, label_value text, increase double precision, seconds double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH picked AS (
        -- The last sample of each process in each bucket includes everything that was counted in it.
        SELECT DISTINCT ON (sample.source, sample.started_at, time_bucket(bucket_width, sample.at))
            time_bucket(bucket_width, sample.at) AS bucket,
            sample.source::text, sample.started_at, sample.at, sample.samples
        FROM pipeline_samples AS sample
        WHERE sample.at >= since - greatest(bucket_width, INTERVAL '5 minutes') AND sample.at < until
        ORDER BY sample.source, sample.started_at, time_bucket(bucket_width, sample.at), sample.at DESC
    ), linked AS (
        SELECT *, coalesce(
            lag(at) OVER (PARTITION BY source, started_at ORDER BY at),
            CASE WHEN started_at >= since - greatest(bucket_width, INTERVAL '5 minutes') THEN started_at END
        ) AS from_at
        FROM picked
    ), covered AS (
        SELECT *, extract(epoch FROM
            max(at) FILTER (WHERE from_at IS NOT NULL) OVER of_bucket - min(from_at) OVER of_bucket
        )::double precision AS seconds
        FROM linked
        WINDOW of_bucket AS (PARTITION BY source, bucket)
    ), counted AS (
        SELECT bucket, source, started_at, at, from_at, seconds,
            footfall.pipeline_label(series.key, label) AS label_value,
            sum(series.value::double precision) AS value
        FROM covered CROSS JOIN LATERAL jsonb_each(samples) AS series
        WHERE series.key = metric OR starts_with(series.key, metric || '{')
        GROUP BY 1, 2, 3, 4, 5, 6, 7
    ), grown AS (
        SELECT *, lag(value) OVER (PARTITION BY source, started_at, label_value ORDER BY at) AS value_before
        FROM counted
    )
    SELECT bucket, source, label_value,
        sum(value - CASE WHEN value_before <= value THEN value_before ELSE 0 END), max(seconds)
    FROM grown
    WHERE at >= since AND from_at IS NOT NULL
    GROUP BY bucket, source, label_value
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_increases FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_increases TO footfall_reader;
