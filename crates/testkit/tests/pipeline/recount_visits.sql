-- Whole rows as JSON, so that a dimension that is added is compared too.
WITH kept AS (
    SELECT to_jsonb(part) - 'kafka_partition' AS row FROM analytics_visit_parts AS part
), recount AS (
    SELECT to_jsonb(cell) AS row FROM footfall.visit_cells_of_events('-infinity', 'infinity') AS cell
)
SELECT count(*) FROM (
    (TABLE kept EXCEPT ALL TABLE recount) UNION ALL (TABLE recount EXCEPT ALL TABLE kept)
) AS differing
