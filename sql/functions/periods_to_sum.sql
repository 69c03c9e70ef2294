-- The periods whose four parts have sums and that have none themselves; the shortest first. of_days: how long its parts are.
-- parts_summed_at: when the sums of the last part were worked out.
CREATE OR REPLACE FUNCTION footfall.periods_to_sum() RETURNS TABLE (day date, days integer, of_days integer, parts_summed_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT whole.day, whole.days, whole.of_days, whole.parts_summed_at
    FROM (
        SELECT
            -- Each period begins a whole number of its lengths after this day.
            part.day - (part.day - date '0001-01-01') % (4 * part.days) AS day, 4 * part.days AS days, part.days AS of_days,
            max(part.summed_at) AS parts_summed_at
        FROM (
            SELECT known.day, 1 AS days, known.summed_at FROM analytics_days AS known WHERE known.summed_until >= known.ends_at
            UNION ALL
            SELECT period.day, period.days, period.summed_at FROM analytics_periods AS period WHERE period.days <= 64
        ) AS part
        GROUP BY 1, 2, 3
        HAVING count(*) = 4
    ) AS whole
    WHERE NOT EXISTS (SELECT FROM analytics_periods AS period WHERE period.day = whole.day AND period.days = whole.days)
    ORDER BY 2, 1
$$;
REVOKE EXECUTE ON FUNCTION footfall.periods_to_sum FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.periods_to_sum TO footfall_writer;
