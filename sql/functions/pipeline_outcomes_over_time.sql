-- What became of events over time: one row for each bucket and outcome (see pipeline_outcomes), 0 if there was none, and
-- null from a minute after the last report on: what happened since then is not known (see pipeline_reported_at).
-- Counts are kept by minute, so a narrower bucket is widened to a minute. Buckets shorter than a day are counted from each
-- local day's beginning in elapsed time, longer ones follow local days: both are right when clocks change.
CREATE OR REPLACE FUNCTION footfall.pipeline_outcomes_over_time(
    since timestamptz, until timestamptz, bucket_width interval, time_zone text DEFAULT 'UTC'
) RETURNS TABLE (bucket timestamptz, outcome text, events bigint)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH days AS (
        SELECT day::date AS day, footfall.day_start(day::date, time_zone) AS first, footfall.day_start(day::date + 1, time_zone) AS next
        FROM generate_series(
            (since AT TIME ZONE time_zone)::date::timestamp, (until AT TIME ZONE time_zone)::date::timestamp, INTERVAL '1 day'
        ) AS day
    ), buckets AS (
        SELECT begin AS bucket
        FROM days
        CROSS JOIN LATERAL generate_series(
            days.first, days.next - INTERVAL '1 microsecond', greatest(bucket_width, INTERVAL '1 minute')
        ) AS begin
        WHERE bucket_width < INTERVAL '1 day' AND begin < until
            AND begin > since - greatest(bucket_width, INTERVAL '1 minute')
        UNION
        SELECT footfall.day_start(time_bucket(bucket_width, days.day::timestamp)::date, time_zone)
        FROM days
        WHERE bucket_width >= INTERVAL '1 day' AND days.first < until
    ), numbered AS (
        SELECT bucket, row_number() OVER (ORDER BY bucket) AS number FROM buckets
    ), counted AS (
        SELECT width_bucket(time_bucket, (SELECT array_agg(bucket ORDER BY bucket) FROM buckets)) AS number, outcome,
            sum(event_count) AS events
        FROM analytics_outcomes
        WHERE time_bucket >= since AND time_bucket < until
        GROUP BY 1, 2
    )
    SELECT bucket, outcome,
        CASE WHEN bucket > reported.at + INTERVAL '1 minute' AND bucket < until - INTERVAL '1 minute' THEN counted.events
            ELSE coalesce(counted.events, 0) END::bigint
    FROM numbered
    CROSS JOIN (SELECT footfall.pipeline_reported_at(least(until, now()) - INTERVAL '1 day') AS at) AS reported
    CROSS JOIN (VALUES ('accepted'), ('stored'), ('duplicate'), ('quarantined'), ('rejected')) AS outcomes (outcome)
    LEFT JOIN counted USING (number, outcome)
    ORDER BY bucket, outcome
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_outcomes_over_time FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_outcomes_over_time TO footfall_reader;
