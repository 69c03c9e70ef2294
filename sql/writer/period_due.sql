-- The first period to sum; its parts have rested, as what comes late to one of their days removes it again.
-- $1: whether they need no rest.
SELECT due.day, due.days, due.of_days
FROM footfall.periods_to_sum() AS due
WHERE $1 OR due.parts_summed_at + due.days * INTERVAL '5 minutes' < now()
ORDER BY due.days, due.day
LIMIT 1
