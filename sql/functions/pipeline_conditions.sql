-- The conditions of being ready in the last sample of each source: 1 if it held, 0 if not. Only samples of the minute before
-- `at` count: a source that is silent says nothing about its conditions (see pipeline_sources).
CREATE OR REPLACE FUNCTION footfall.pipeline_conditions(at timestamptz DEFAULT now())
RETURNS TABLE (source text, condition text, holds double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT latest.source, footfall.pipeline_label(series.key, 'condition'), series.value::double precision
    FROM footfall.pipeline_latest(at - INTERVAL '1 minute', at) AS latest CROSS JOIN LATERAL jsonb_each(latest.samples) AS series
    WHERE starts_with(series.key, 'footfall_condition{')
    ORDER BY 1, 2
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_conditions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_conditions TO footfall_reader;
