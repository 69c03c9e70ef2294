-- Whole minutes, the oldest first, of about so many rows: a minute is never there by half.
-- $1: where the batch before ended, so that what it removed is not looked through again. Answers how many rows went,
-- and up to when; null where none was left.
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
