-- The figures of footfall.totals, one row each, compared with those of an earlier range.
-- previous_since, previous_until: that range; if null, the range of equal length just before.
-- change: (value - previous_value) / previous_value, so 0.25 is a quarter more; null if previous_value is 0 or null.
CREATE OR REPLACE FUNCTION footfall.totals_compared(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    previous_since timestamptz DEFAULT NULL, previous_until timestamptz DEFAULT NULL)
RETURNS TABLE (measure text, value double precision, previous_value double precision, change double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT pair.measure, pair.value, pair.previous, (pair.value - pair.previous) / nullif(pair.previous, 0)
    FROM footfall.totals($1, $2, $3) AS now
    CROSS JOIN footfall.totals(coalesce($4, footfall.as_long_before($1, $2)), coalesce($5, $1), $3) AS before
    CROSS JOIN LATERAL (VALUES
        ('visitors', now.visitors, before.visitors),
        ('visits', now.visits, before.visits),
        ('views', now.views, before.views),
        ('events', now.events, before.events),
        ('views_per_visit', now.views_per_visit, before.views_per_visit),
        ('bounce_rate', now.bounce_rate, before.bounce_rate),
        ('visit_seconds_median', now.visit_seconds_median, before.visit_seconds_median),
        ('visit_seconds_mean', now.visit_seconds_mean, before.visit_seconds_mean)
    ) AS pair (measure, value, previous)
$$;
REVOKE EXECUTE ON FUNCTION footfall.totals_compared FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.totals_compared TO footfall_reader;
