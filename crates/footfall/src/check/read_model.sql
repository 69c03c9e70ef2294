-- What is not as it will be: a line for each.
SELECT format('%s events of an earlier version are added to the visits; numbers of before %s are not complete yet, the oldest are of %s',
    events, to_char(reached, 'YYYY-MM-DD HH24:MI TZ'), to_char(oldest, 'YYYY-MM-DD'))
FROM footfall.pipeline_backfill()
UNION ALL
SELECT format('%s is not closed yet: questions about it take longer', due.day)
FROM footfall.days_to_close() AS due
CROSS JOIN analytics_instance AS instance
LEFT JOIN analytics_days AS known USING (day)
WHERE greatest(footfall.day_start(due.day + 1, instance.time_zone), known.summed_at) < now() - INTERVAL '1 hour'
