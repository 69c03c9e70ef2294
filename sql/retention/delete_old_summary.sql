-- Deletes whole minutes, the oldest first, of about as many rows as given: a minute is never deleted partly.
-- $1: where the previous batch ended, so that its dead rows are not scanned again. Returns how many rows were deleted, and
-- up to when; null if none was left.
WITH oldest AS (
    SELECT max(time_bucket) AS last
    FROM (
        SELECT time_bucket FROM analytics_summary_parts
        WHERE time_bucket >= coalesce($1::timestamptz, '-infinity') AND time_bucket < $2
        ORDER BY time_bucket
        LIMIT $3::bigint
    ) AS batch
), gone AS (
    DELETE FROM analytics_summary_parts
    WHERE time_bucket >= coalesce($1::timestamptz, '-infinity') AND time_bucket <= (SELECT last FROM oldest)
    RETURNING 1
)
SELECT count(*), (SELECT last FROM oldest) FROM gone
