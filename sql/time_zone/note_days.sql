-- The days of the new time zone have to be summed.
WITH gone AS (DELETE FROM analytics_changes)
INSERT INTO analytics_changes (first_at, visit_key, was_stored)
SELECT DISTINCT ON (time_bucket('15 minutes', first_at)) first_at, visit_key, false FROM analytics_visits
