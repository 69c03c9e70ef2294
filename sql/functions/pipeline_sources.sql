-- Every source with a sample in the 24 hours before `at`: what it is, when it started, when its last sample was taken, how
-- many seconds before `at` that was, and whether it was ready then.
--
-- explained_by   for an ingest that is silent for over a minute: what else would silence it, because its samples travel
--                through Kafka and the sink. Null if it is to blame itself, as a sink always is: it writes its own.
CREATE OR REPLACE FUNCTION footfall.pipeline_sources(at timestamptz DEFAULT now())
RETURNS TABLE (
    source text, program text, version text, started_at timestamptz, sampled_at timestamptz,
    silent_seconds double precision, ready boolean, explained_by text
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH latest AS (
        SELECT each.*, extract(epoch FROM pipeline_sources.at - each.sampled_at)::double precision AS silent_seconds
        FROM footfall.pipeline_latest(at - INTERVAL '1 day', at) AS each
    ), others AS (
        SELECT bool_or(program = 'footfall-sink') AS have_sink,
            bool_or(program = 'footfall-sink' AND silent_seconds <= 60) AS sink_reports,
            bool_or(program = 'footfall-ingest' AND silent_seconds <= 60) AS an_ingest_reports,
            bool_or(program = 'footfall-sink' AND silent_seconds <= 60 AND samples -> 'footfall_condition{condition="kafka"}' = to_jsonb(0))
                AS kafka_is_away
        FROM latest
    )
    SELECT source, program, version, started_at, sampled_at, silent_seconds, samples -> 'footfall_ready' = to_jsonb(1),
        CASE
            WHEN program IS DISTINCT FROM 'footfall-ingest' OR silent_seconds <= 60 OR NOT have_sink THEN NULL
            WHEN NOT sink_reports THEN 'the sink is silent'
            WHEN kafka_is_away THEN 'Kafka does not answer'
            -- Within a minute an ingest sends at least four samples: if fewer messages wait, none of them is its.
            WHEN NOT an_ingest_reports AND (SELECT waiting.messages > 3 FROM footfall.pipeline_waiting(at) AS waiting)
                THEN 'the sink is behind'
        END
    FROM latest CROSS JOIN others
    ORDER BY 1
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_sources FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_sources TO footfall_reader;
