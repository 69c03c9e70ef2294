-- Messages in Kafka that are not stored, and when that was reported: each partition's lag in the last sample of its sink in
-- the day before `at`, and the oldest of these samples. Only the sink knows the lag, so while it is silent, messages is what it was then.
-- Both are null if no sink reported a lag, as while Kafka is away; in the light profile nothing waits.
CREATE OR REPLACE FUNCTION footfall.pipeline_waiting(at timestamptz DEFAULT now())
RETURNS TABLE (messages double precision, reported_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT sum(lag.messages), min(lag.sampled_at)
    FROM (
        SELECT DISTINCT ON (series.key) series.value::double precision AS messages, latest.sampled_at
        FROM footfall.pipeline_latest(at - INTERVAL '1 day', at) AS latest CROSS JOIN LATERAL jsonb_each(latest.samples) AS series
        WHERE starts_with(series.key, 'footfall_sink_lag_messages{')
        ORDER BY series.key, latest.sampled_at DESC
    ) AS lag
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_waiting FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_waiting TO footfall_reader;
