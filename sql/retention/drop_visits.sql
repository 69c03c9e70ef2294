-- Drops the chunk of visits between these two times; returns 1, or 0 if it is already gone.
SELECT count(*) FROM footfall.drop_visits($2::timestamptz, $3::timestamptz) AS dropped WHERE $1::text = 'analytics_visits' AND dropped > 0
