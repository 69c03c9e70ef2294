-- The database's bytes, and how many the chunks took for a day, on average over the last full days (7 at most; null
-- where there is none yet): divide what is left on the disk by it, and know the days that are left.
CREATE OR REPLACE FUNCTION footfall.pipeline_growth(at timestamptz DEFAULT now())
RETURNS TABLE (database_bytes bigint, bytes_per_day double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_database_size(current_database()), avg(bytes)::double precision
    FROM (
        SELECT range_start, sum(bytes) AS bytes
        FROM footfall.pipeline_chunks(at - INTERVAL '7 days', at)
        WHERE range_end <= at
        GROUP BY range_start
    ) AS days
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_growth FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_growth TO footfall_reader;
