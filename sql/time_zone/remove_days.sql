-- Days of the former time zone, and all periods of days. Those whose visits retention has removed stay, because they cannot be counted again.
WITH periods AS (
    DELETE FROM analytics_periods
), gone AS (
    DELETE FROM analytics_days
    WHERE ends_at > (SELECT coalesce(min(first_at), '-infinity') FROM analytics_visits)
    RETURNING day
)
DELETE FROM analytics_rollup WHERE days > 1 OR day IN (SELECT day FROM gone)
