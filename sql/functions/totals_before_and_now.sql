-- footfall.totals of an earlier range and of [since, until), one row each, the earlier one first. ends_at: the range's end;
-- period: 'before' or 'now'.
-- previous_since, previous_until: the earlier range; if null, the range of equal length just before.
CREATE OR REPLACE FUNCTION footfall.totals_before_and_now(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    previous_since timestamptz DEFAULT NULL, previous_until timestamptz DEFAULT NULL)
RETURNS TABLE (ends_at timestamptz, period text, visitors bigint, visits bigint, views bigint, events bigint,
    views_per_visit double precision, bounce_rate double precision, visit_seconds_median double precision,
    visit_seconds_mean double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce($5, $1), 'before', before.*
    FROM footfall.totals(coalesce($4, footfall.as_long_before($1, $2)), coalesce($5, $1), $3) AS before
    UNION ALL
    SELECT $2, 'now', now.* FROM footfall.totals($1, $2, $3) AS now
    ORDER BY 1
$$;
REVOKE EXECUTE ON FUNCTION footfall.totals_before_and_now FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.totals_before_and_now TO footfall_reader;
