-- Where what is kept begins: the UTC midnight so many days before today's. The same for every table, and where a day's
-- chunk begins, so what is kept of one table is kept of all that are kept as long.
SELECT date_trunc('day', now(), 'UTC') - make_interval(hours => 24 * $1::integer)
