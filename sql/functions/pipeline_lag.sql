-- Messages in each partition that the sink has not stored yet, in the last sample in the minutes before `at` and in the
-- first: the number grows if a sink is too slow or stuck. The sink that owns a partition reports it. messages is null if the
-- last report is over a minute old: how many wait now is not known. If there is no row, no sink reports (see
-- pipeline_sources).
CREATE OR REPLACE FUNCTION footfall.pipeline_lag(minutes integer DEFAULT 10, at timestamptz DEFAULT now())
RETURNS TABLE (
    topic text, partition integer, messages double precision, messages_before double precision, sampled_at timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH lags AS (
        SELECT sample.at, footfall.pipeline_label(series.key, 'topic') AS topic,
            footfall.pipeline_label(series.key, 'partition')::integer AS partition,
            series.value::double precision AS messages
        FROM pipeline_samples AS sample CROSS JOIN LATERAL jsonb_each(sample.samples) AS series
        WHERE sample.at > pipeline_lag.at - make_interval(mins => minutes) AND sample.at <= pipeline_lag.at
            AND starts_with(series.key, 'footfall_sink_lag_messages{')
    )
    SELECT topic, partition,
        CASE WHEN max(lags.at) >= pipeline_lag.at - INTERVAL '1 minute' THEN last(messages, lags.at) END,
        first(messages, lags.at), max(lags.at)
    FROM lags
    GROUP BY topic, partition
    ORDER BY topic, partition
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_lag FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_lag TO footfall_reader;
