-- The conditions of being ready in the last sample of each source: 1 if it held, 0 if not. Only samples of the minute before
-- `at` count: a source that is silent says nothing about its conditions (see pipeline_sources).
--
-- explained_by   for a sink without partitions: the other condition that does not hold, because Kafka assigns partitions
--                only to a sink that it and the database answer
CREATE OR REPLACE FUNCTION footfall.pipeline_conditions(at timestamptz DEFAULT now())
RETURNS TABLE (source text, condition text, holds double precision, explained_by text)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH conditions AS (
        SELECT latest.source, footfall.pipeline_label(series.key, 'condition') AS condition, series.value::double precision AS holds
        FROM footfall.pipeline_latest(at - INTERVAL '1 minute', at) AS latest CROSS JOIN LATERAL jsonb_each(latest.samples) AS series
        WHERE starts_with(series.key, 'footfall_condition{')
    )
    SELECT conditions.*, (
        SELECT min(other.condition)
        FROM conditions AS other
        WHERE conditions.condition = 'partitions' AND conditions.holds = 0
            AND other.source = conditions.source AND other.holds = 0 AND other.condition <> 'partitions'
    )
    FROM conditions
    ORDER BY 1, 2
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_conditions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_conditions TO footfall_reader;
