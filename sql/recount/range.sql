-- What can be counted again of the days $1 to $2, or of all days: the times between which visits begin. Null if there are none.
-- Of days whose events retention has removed, only the visits are left; the first day with events may continue visits of the day before.
-- sums_since: sums can be worked out again from there on.
-- unfinished: older events are still being added to the visits.
SELECT
    coalesce(footfall.day_start($1::date, instance.time_zone), least(events.first, visits.first)) AS sums_since,
    greatest(
        coalesce(footfall.day_start($1::date, instance.time_zone), least(events.first, visits.first)),
        CASE WHEN visits.first < events.first THEN date_trunc('day', events.first, 'UTC') + INTERVAL '24 hours' END) AS since,
    coalesce(footfall.day_start($2::date + 1, instance.time_zone), greatest(events.last, visits.last) + INTERVAL '1 second') AS until,
    EXISTS (SELECT FROM analytics_backfill) AS unfinished
FROM analytics_instance AS instance
CROSS JOIN (SELECT min(timestamp), max(timestamp) FROM analytics_events) AS events (first, last)
CROSS JOIN (SELECT min(first_at), max(first_at) FROM analytics_visits) AS visits (first, last)
