-- Deletes the sums of the oldest day, which $3, a number of rows, never divides.
-- $1: where the previous one ended. Returns how many rows were deleted, and where the day ended; null if none was left.
WITH oldest AS (
    SELECT day, ends_at
    FROM analytics_days
    WHERE ends_at > coalesce($1::timestamptz, '-infinity') AND ends_at <= $2
    ORDER BY ends_at
    LIMIT least(1, $3::bigint)
), gone AS (
    DELETE FROM analytics_rollup WHERE day = (SELECT day FROM oldest) AND days = 1 RETURNING 1
), closed AS (
    DELETE FROM analytics_days WHERE day = (SELECT day FROM oldest)
)
SELECT count(*), (SELECT ends_at FROM oldest), (SELECT footfall.remove_periods(day) FROM oldest) FROM gone
