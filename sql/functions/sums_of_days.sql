-- The rows of analytics_rollup for these lists, of the days within [since, until) that have sums (footfall.summed_days), with what has changed
-- since they were worked out, and of the sites and bots that `filters` choose. Other filters are not looked at: see footfall.sums.
CREATE OR REPLACE FUNCTION footfall.sums_of_days(lists text[], since timestamptz, until timestamptz, filters jsonb)
RETURNS SETOF analytics_rollup
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH known AS MATERIALIZED (SELECT * FROM footfall.summed_days($2, $3))
    SELECT day.*
    FROM (
        SELECT summed.*
        FROM analytics_rollup AS summed
        WHERE summed.list = ANY ($1) AND summed.day = ANY (ARRAY(SELECT known.day FROM known))
        UNION ALL
        SELECT changed.*
        FROM known
        CROSS JOIN LATERAL footfall.changes_of_day($1, known.day, known.starts_at, known.ends_at, known.summed_until) AS changed
        WHERE known.has_changed
    ) AS day
    WHERE (footfall.filter_values($4, 'site') IS NULL OR day.site = ANY ((SELECT footfall.value_ids(footfall.filter_values($4, 'site')))::integer[]))
        AND (footfall.filter_values($4, 'bot') IS NULL OR day.bot = ANY (footfall.filter_values($4, 'bot')::boolean[]))
$$;
REVOKE EXECUTE ON FUNCTION footfall.sums_of_days FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.sums_of_days TO footfall_reader;
