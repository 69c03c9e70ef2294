-- Disk usage in bytes: each table (or those that belong together) without its indexes, all their indexes, and the whole database. Tables and indexes add up
-- to the database except for PostgreSQL's own catalogues. rows_estimate is the planner's estimate, null for indexes and
-- database.
CREATE OR REPLACE FUNCTION footfall.pipeline_storage()
RETURNS TABLE (object text, bytes bigint, rows_estimate bigint)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH ours (object, relation) AS (
        VALUES ('events', 'analytics_events'::regclass), ('ledger', 'analytics_ledger'),
            ('visits', 'analytics_visits'), ('roll-ups', 'analytics_rollup'), ('roll-ups', 'analytics_days'), ('roll-ups', 'analytics_periods'),
            ('roll-ups', 'analytics_changes'), ('dictionary', 'analytics_values'), ('dictionary', 'analytics_kinds'),
            ('dictionary', 'analytics_entries'), ('summary', 'analytics_summary_parts'), ('summary', 'analytics_summary_hours'),
            ('outcomes', 'analytics_outcomes_parts'), ('quarantine', 'analytics_quarantine'),
            ('samples', 'pipeline_samples'), ('offsets', 'kafka_offsets')
    ), sizes AS (
        SELECT object, relation,
            CASE WHEN whole.total_bytes IS NULL THEN pg_table_size(relation)
                ELSE whole.table_bytes + coalesce(whole.toast_bytes, 0) END AS bytes,
            coalesce(whole.index_bytes, pg_indexes_size(relation)) AS index_bytes
        FROM ours
        LEFT JOIN timescaledb_information.hypertables AS hypertable
            ON format('%I.%I', hypertable.hypertable_schema, hypertable.hypertable_name)::regclass = relation
        LEFT JOIN LATERAL hypertable_detailed_size(
            CASE WHEN hypertable.hypertable_name IS NOT NULL THEN relation END
        ) AS whole ON true
    )
    SELECT object, sum(bytes)::bigint, sum(approximate_row_count(relation))::bigint FROM sizes GROUP BY object
    UNION ALL SELECT 'indexes', sum(index_bytes)::bigint, NULL FROM sizes
    UNION ALL SELECT 'database', pg_database_size(current_database()), NULL
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_storage FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_storage TO footfall_reader;
