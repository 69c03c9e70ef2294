-- Deletes whole hours, the oldest first, of about as many rows as given: an hour is never deleted partly.
-- $1: where the previous batch ended, so that its dead rows are not scanned again. Returns how many rows were deleted, and
-- up to when; null if none was left.
WITH oldest AS (
    SELECT max(hour) AS last
    FROM (
        SELECT hour FROM analytics_summary_hours
        WHERE hour >= coalesce($1::timestamptz, '-infinity') AND hour < $2
        ORDER BY hour
        LIMIT $3::bigint
    ) AS batch
), gone AS (
    DELETE FROM analytics_summary_hours
    WHERE hour >= coalesce($1::timestamptz, '-infinity') AND hour <= (SELECT last FROM oldest)
    RETURNING 1
)
SELECT count(*), (SELECT last FROM oldest) FROM gone
