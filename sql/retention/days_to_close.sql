-- The days that begin before $1 and are to be closed.
SELECT due.day
FROM footfall.days_to_close() AS due
CROSS JOIN analytics_instance AS instance
WHERE footfall.day_start(due.day, instance.time_zone) < $1
