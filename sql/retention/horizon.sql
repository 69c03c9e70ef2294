-- The beginning of what is kept: the UTC midnight $1 days before today's. It is where a day's chunk begins, so all tables
-- with the same retention keep the same days.
SELECT date_trunc('day', now(), 'UTC') - make_interval(hours => 24 * $1::integer)
