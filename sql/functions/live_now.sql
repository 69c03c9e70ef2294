-- The visitors in the 5 minutes before `at`, by the last page of each: see footfall.live_visits.
-- filters: see footfall.filter_values. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.live_now(at timestamptz DEFAULT now(), filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (page text, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT page.value, counted.visitors
    FROM (SELECT latest.page, count(*) AS visitors FROM footfall.live_visits($1, $2) AS latest GROUP BY 1) AS counted
    LEFT JOIN analytics_values AS page ON page.id = counted.page
    ORDER BY 2 DESC, 1
    LIMIT $3
$$;
REVOKE EXECUTE ON FUNCTION footfall.live_now FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.live_now TO footfall_reader;
