-- The days of which some part lies in [$1, $2) and whose sums hold all that has happened until summed_until and can be worked out again.
SELECT known.day, known.summed_until
FROM public.analytics_days AS known
WHERE known.ends_at > $1 AND known.starts_at < $2 AND NOT known.is_final
    AND NOT EXISTS (SELECT FROM analytics_changes AS change WHERE change.first_at >= known.starts_at AND change.first_at < known.summed_until)
ORDER BY 1
