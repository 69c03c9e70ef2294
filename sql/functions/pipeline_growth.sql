-- The database's size, and the size of one day's chunks, averaged over the last full days (7 at most; null if there is none
-- yet). The free disk space divided by the latter is the number of days left.
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
