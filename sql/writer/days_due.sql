-- The days whose sums are to be worked out; the newest first. One that is over rests for a minute, or twenty times as long as it took. The one
-- that goes on waits for a minute, or until much has changed, and rests for ten times as long as it took.
SELECT due.day
FROM footfall.days_to_close() AS due
LEFT JOIN analytics_days AS known USING (day)
WHERE known.summed_at + greatest(INTERVAL '1 minute', 20 * known.seconds * INTERVAL '1 second') < now() IS NOT FALSE
UNION ALL
SELECT due.day
FROM footfall.changed_days() AS due
LEFT JOIN analytics_days AS known USING (day)
CROSS JOIN LATERAL (
    SELECT count(*)
    FROM (
        SELECT FROM analytics_changes AS change WHERE change.first_at >= due.starts_at AND change.first_at < now() LIMIT 500
    ) AS first
) AS change (number)
WHERE due.starts_at <= now() AND due.ends_at > now()
    AND known.summed_at + 10 * known.seconds * INTERVAL '1 second' < now() IS NOT FALSE
    AND change.number > 0 AND (change.number = 500 OR known.summed_at + INTERVAL '1 minute' < now() IS NOT FALSE)
    -- Summed after it is complete.
    AND NOT EXISTS (SELECT FROM analytics_backfill AS backfill WHERE backfill.reached > due.starts_at - INTERVAL '24 hours')
ORDER BY 1 DESC
