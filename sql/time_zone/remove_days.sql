-- Days of the former time zone. Those whose visits retention has removed stay, because they cannot be counted again.
WITH gone AS (
    DELETE FROM analytics_days
    WHERE ends_at > (SELECT coalesce(min(first_at), '-infinity') FROM analytics_visits)
    RETURNING day
)
DELETE FROM analytics_rollup WHERE day IN (SELECT day FROM gone)
