-- Deletes about as many rows as given, the oldest first.
-- $1: where the previous batch ended, so that its dead rows are not scanned again. Returns how many rows were deleted, and
-- up to when; null if none was left.
WITH oldest AS (
    SELECT max(quarantined_at) AS last
    FROM (
        SELECT quarantined_at FROM analytics_quarantine
        WHERE quarantined_at >= coalesce($1::timestamptz, '-infinity') AND quarantined_at < $2
        ORDER BY quarantined_at
        LIMIT $3::bigint
    ) AS batch
), gone AS (
    DELETE FROM analytics_quarantine
    WHERE quarantined_at >= coalesce($1::timestamptz, '-infinity') AND quarantined_at <= (SELECT last FROM oldest)
    RETURNING 1
)
SELECT count(*), (SELECT last FROM oldest) FROM gone
