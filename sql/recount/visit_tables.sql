-- They hide the tables of the same names, so that the writer's statements count into them.
SET ROLE footfall_owner;
CREATE TEMPORARY TABLE analytics_visits (LIKE public.analytics_visits);
CREATE UNIQUE INDEX ON pg_temp.analytics_visits (visit_key, first_at);
CREATE TEMPORARY TABLE analytics_changes (LIKE public.analytics_changes INCLUDING IDENTITY)
