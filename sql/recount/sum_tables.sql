-- They hide the tables of the same names, so that footfall.sum_day writes into them.
SET ROLE footfall_owner;
CREATE TEMPORARY TABLE analytics_rollup (LIKE public.analytics_rollup);
CREATE TEMPORARY TABLE analytics_periods (LIKE public.analytics_periods);
CREATE TEMPORARY TABLE analytics_days (LIKE public.analytics_days INCLUDING ALL)
