-- What keeps new events from the numbers at the moment, as far as the daemons' samples tell; no row if all is well, or if
-- nothing is known because samples are disabled. A quiet site is no trouble: daemons sample themselves all the same.
--   part     footfall-sink, footfall-ingest, kafka, or footfall if nothing has reported for an hour
--   trouble  silent: it has stopped reporting; away: the sink cannot reach it; cannot_store: it waits for the database;
--            behind: it stores, but has many messages before it
--   reported_at   its last sample; null if that is more than an hour old
--   waiting       messages in Kafka that are not stored yet, as of the last sample
--   events_until  the time of the newest event
CREATE OR REPLACE FUNCTION footfall.pipeline_delays(at timestamptz DEFAULT now())
RETURNS TABLE (part text, trouble text, reported_at timestamptz, waiting double precision, events_until timestamptz)
LANGUAGE sql STABLE PARALLEL RESTRICTED
AS $$
    WITH latest AS (
        SELECT DISTINCT ON (sample.source) sample.at AS taken_at, sample.started_at, sample.samples,
            -- A change of readiness makes a sample between two regular ones, so one step is too short to judge by.
            sample.at - lag(sample.at, 2) OVER (PARTITION BY sample.source, sample.started_at ORDER BY sample.at) AS two_steps
        FROM pipeline_samples AS sample
        WHERE sample.at > pipeline_delays.at - INTERVAL '1 hour' AND sample.at <= pipeline_delays.at + INTERVAL '1 minute'
        ORDER BY sample.source, sample.at DESC
    ),
    known AS (
        SELECT build.program, latest.*, latest.samples ? 'footfall_condition{condition="database"}' AS stores,
            latest.samples -> 'footfall_ready' = to_jsonb(1) AS is_ready
        FROM latest
        CROSS JOIN LATERAL (
            SELECT footfall.pipeline_label(key, 'name') AS program FROM jsonb_object_keys(latest.samples) AS key
            WHERE starts_with(key, 'footfall_build_info{') LIMIT 1
        ) AS build
    ),
    judged AS (
        SELECT known.*, pipeline_delays.at - known.taken_at < CASE
            -- What stores events and has lost its session is reported sooner.
            WHEN stores AND NOT EXISTS (
                SELECT FROM pg_stat_activity AS session
                WHERE session.datname = current_database() AND session.application_name = known.program
            ) THEN greatest(INTERVAL '18 seconds', 0.6 * two_steps)
            WHEN two_steps IS NULL THEN INTERVAL '90 seconds'
            ELSE greatest(INTERVAL '40 seconds', 1.5 * two_steps) END AS is_fresh
        FROM known
    ),
    -- One of several sinks or ingests is enough.
    storing AS (
        SELECT * FROM judged WHERE stores ORDER BY is_fresh DESC, is_ready DESC, taken_at DESC LIMIT 1
    ),
    lag AS (
        SELECT coalesce(sum(series.value::double precision), 0) AS messages
        FROM storing CROSS JOIN LATERAL jsonb_each(storing.samples) AS series
        WHERE starts_with(series.key, 'footfall_sink_lag_messages{')
    ),
    trouble AS (
        SELECT 1 AS rank, program, 'silent' AS trouble, taken_at FROM storing WHERE NOT is_fresh
        UNION ALL
        SELECT 2, 'kafka', 'away', taken_at FROM storing
        WHERE is_fresh AND samples -> 'footfall_condition{condition="kafka"}' = to_jsonb(0)
        UNION ALL
        SELECT 3, program, 'cannot_store', taken_at FROM storing
        WHERE is_fresh AND samples -> 'footfall_condition{condition="database"}' = to_jsonb(0)
        UNION ALL
        SELECT 4, storing.program, 'behind', storing.taken_at FROM storing CROSS JOIN lag
        WHERE is_fresh AND is_ready AND lag.messages >= 1000
        UNION ALL
        -- Ingest's samples take the way of events, so they are late if the sink is.
        SELECT 5, 'footfall-ingest', 'silent', ingest.taken_at
        FROM storing CROSS JOIN lag
        LEFT JOIN LATERAL (
            SELECT * FROM judged WHERE program = 'footfall-ingest' ORDER BY is_fresh DESC, taken_at DESC LIMIT 1
        ) AS ingest ON true
        WHERE storing.is_fresh AND storing.is_ready AND storing.program = 'footfall-sink' AND lag.messages < 1000
            AND storing.started_at < pipeline_delays.at - INTERVAL '2 minutes' AND ingest.is_fresh IS NOT TRUE
        UNION ALL
        SELECT 6, 'footfall', 'silent', NULL
        WHERE NOT EXISTS (SELECT FROM storing)
            AND EXISTS (
                SELECT FROM pipeline_samples AS sample
                WHERE sample.at > pipeline_delays.at - INTERVAL '7 days' AND sample.at <= pipeline_delays.at - INTERVAL '1 hour'
            )
            AND NOT EXISTS (
                SELECT FROM pg_stat_activity AS session
                WHERE session.datname = current_database()
                    AND session.application_name IN ('footfall-sink', 'footfall-ingest')
            )
    )
    SELECT trouble.program, trouble.trouble, trouble.taken_at, lag.messages, newest.happened_at
    FROM trouble CROSS JOIN lag
    CROSS JOIN LATERAL (
        SELECT max(event."timestamp") AS happened_at FROM analytics_events AS event
        WHERE event."timestamp" <= pipeline_delays.at
    ) AS newest
    ORDER BY trouble.rank
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_delays FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_delays TO footfall_reader;
