-- The days whose sums in analytics_rollup are of use for [since, until): sums hold what begins from starts_at up to, but not including, summed_until.
-- ends_at: where the day or the range ends. has_changed: footfall.changes_of_day says what has happened since, up to ends_at.
CREATE OR REPLACE FUNCTION footfall.summed_days(since timestamptz, until timestamptz)
RETURNS TABLE (day date, starts_at timestamptz, ends_at timestamptz, summed_until timestamptz, has_changed boolean)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT known.day, known.starts_at, least(known.ends_at, $2), known.summed_until,
        NOT known.is_final AND change.number > 0
    FROM analytics_days AS known
    CROSS JOIN LATERAL (
        SELECT count(*)
        FROM (
            SELECT FROM analytics_changes AS change
            WHERE change.first_at >= known.starts_at AND change.first_at < known.ends_at
            LIMIT known.changes_max + 1
        ) AS first
    ) AS change (number)
    WHERE known.starts_at >= $1 AND known.summed_until <= $2
        AND (known.is_final OR change.number <= known.changes_max)
        AND NOT EXISTS (SELECT FROM analytics_backfill AS backfill WHERE backfill.reached > known.starts_at - INTERVAL '24 hours')
$$;
REVOKE EXECUTE ON FUNCTION footfall.summed_days FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.summed_days TO footfall_reader;
