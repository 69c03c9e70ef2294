-- The rows of analytics_rollup for these lists, of the days within [since, until) that have sums (footfall.summed_days), with what has changed
-- since they were worked out, and of the sites and bots that `filters` choose. Other filters are not looked at: see footfall.sums.
-- each_day: of each day its own rows, not of periods.
CREATE OR REPLACE FUNCTION footfall.sums_of_days(lists text[], since timestamptz, until timestamptz, filters jsonb, each_day boolean)
RETURNS SETOF analytics_rollup
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH known AS MATERIALIZED (SELECT *, row_number() OVER (ORDER BY summed.day) AS number FROM footfall.summed_days($2, $3) AS summed),
    -- Nothing here compares each day with each period, of which years have many.
    part AS (
        SELECT known.day, 1 AS days FROM known
        UNION ALL
        SELECT period.day, period.days
        FROM analytics_periods AS period
        JOIN known AS first ON first.day = period.day
        JOIN known AS last ON last.day = period.day + period.days - 1
        WHERE NOT $5 AND last.number - first.number = period.days - 1
    ), chosen AS MATERIALIZED (
        -- Of each day, the longest period with it.
        SELECT DISTINCT longest.day, longest.days
        FROM (
            SELECT DISTINCT ON (part.day + place) part.day, part.days
            FROM part
            CROSS JOIN LATERAL generate_series(0, part.days - 1) AS place
            ORDER BY part.day + place, part.days DESC
        ) AS longest
    )
    SELECT day.*
    FROM (
        SELECT summed.*
        FROM (SELECT DISTINCT days FROM chosen) AS length
        CROSS JOIN LATERAL (
            SELECT * FROM analytics_rollup AS held
            WHERE held.list = ANY ($1) AND held.days = length.days
                AND held.day = ANY (ARRAY(SELECT chosen.day FROM chosen WHERE chosen.days = length.days))
            OFFSET 0
        ) AS summed
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
