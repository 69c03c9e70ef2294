-- Removes the sums of all periods with this day.
CREATE OR REPLACE FUNCTION footfall.remove_periods(day date) RETURNS void
LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM analytics_periods AS period WHERE period.day <= $1 AND period.day + period.days > $1 RETURNING period.day, period.days
    )
    DELETE FROM analytics_rollup AS held USING gone WHERE held.day = gone.day AND held.days = gone.days
$$;
REVOKE EXECUTE ON FUNCTION footfall.remove_periods FROM PUBLIC;
