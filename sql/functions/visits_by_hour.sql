-- When visits began in [since, until), by the weekday (1: Monday) and the hour (0 to 23) in the instance's time zone: 168 rows.
-- filters: see footfall.filter_values.
CREATE OR REPLACE FUNCTION footfall.visits_by_hour(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS TABLE (weekday integer, hour integer, visitors bigint, visits bigint, views bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        slot.number / 24 + 1, slot.number % 24, coalesce(counted.visitors, 0), coalesce(counted.visits, 0),
        coalesce(counted.views, 0)
    FROM generate_series(0, 167) AS slot (number)
    LEFT JOIN footfall.sums('{hour}', $1, $2, $3) AS counted ON counted.value = slot.number
    ORDER BY 1, 2
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits_by_hour FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits_by_hour TO footfall_reader;
