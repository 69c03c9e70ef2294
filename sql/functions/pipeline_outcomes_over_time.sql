-- What became of events over time: one row for each bucket and outcome (see pipeline_outcomes), 0 if there was none, and
-- null from a minute after the last report on: what happened since then is not known (see pipeline_reported_at).
-- Counts are kept by minute, so a narrower bucket is widened to a minute. Buckets shorter than a day are counted from each
-- local midnight in elapsed time, longer ones follow local days: both are right when clocks change.
CREATE OR REPLACE FUNCTION footfall.pipeline_outcomes_over_time(
    since timestamptz, until timestamptz, bucket_width interval, time_zone text DEFAULT 'UTC'
) RETURNS TABLE (bucket timestamptz, outcome text, events bigint)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH buckets AS (
        SELECT begin AS bucket
        FROM generate_series(date_trunc('day', since, time_zone), until, INTERVAL '1 day', time_zone) AS midnight
        CROSS JOIN LATERAL generate_series(
            midnight, date_add(midnight, INTERVAL '1 day', time_zone) - INTERVAL '1 microsecond',
            greatest(bucket_width, INTERVAL '1 minute')
        ) AS begin
        WHERE bucket_width < INTERVAL '1 day' AND begin < until
            AND begin > since - greatest(bucket_width, INTERVAL '1 minute')
        UNION
        SELECT time_bucket(bucket_width, midnight AT TIME ZONE time_zone) AT TIME ZONE time_zone
        FROM generate_series(date_trunc('day', since, time_zone), until, INTERVAL '1 day', time_zone) AS midnight
        WHERE bucket_width >= INTERVAL '1 day' AND midnight < until
    ), counted AS (
        SELECT
            CASE WHEN bucket_width < INTERVAL '1 day'
                THEN date_bin(
                    greatest(bucket_width, INTERVAL '1 minute'), time_bucket, date_trunc('day', time_bucket, time_zone)
                )
                ELSE time_bucket(bucket_width, time_bucket AT TIME ZONE time_zone) AT TIME ZONE time_zone
            END AS bucket,
            outcome, sum(event_count) AS events
        FROM analytics_outcomes
        WHERE time_bucket >= since AND time_bucket < until
        GROUP BY 1, 2
    )
    SELECT bucket, outcome,
        CASE WHEN bucket > reported.at + INTERVAL '1 minute' AND bucket < until - INTERVAL '1 minute' THEN counted.events
            ELSE coalesce(counted.events, 0) END::bigint
    FROM buckets
    CROSS JOIN (SELECT footfall.pipeline_reported_at(least(until, now()) - INTERVAL '1 day') AS at) AS reported
    CROSS JOIN (VALUES ('accepted'), ('stored'), ('duplicate'), ('quarantined'), ('rejected')) AS outcomes (outcome)
    LEFT JOIN counted USING (bucket, outcome)
    ORDER BY bucket, outcome
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_outcomes_over_time FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_outcomes_over_time TO footfall_reader;
