-- A counter's growth per second: pipeline_increases divided by time. See there for metric and label.
CREATE OR REPLACE FUNCTION footfall.pipeline_counter_rate(
    since timestamptz, until timestamptz, bucket_width interval, metric text, label text DEFAULT NULL
) RETURNS TABLE (bucket timestamptz, source text, label_value text, per_second double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT bucket, source, label_value, increase / nullif(seconds, 0)
    FROM footfall.pipeline_increases(since, until, bucket_width, metric, label)
    ORDER BY bucket, source, label_value
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_counter_rate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_counter_rate TO footfall_reader;
