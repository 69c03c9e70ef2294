-- The chunks of the events that ended at $1 or before and are still rows, oldest first, and their size.
SELECT format('%I.%I', chunk_schema, chunk_name), pg_total_relation_size(format('%I.%I', chunk_schema, chunk_name)::regclass)
FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public' AND hypertable_name = 'analytics_events' AND range_end <= $1 AND NOT is_compressed
ORDER BY range_end
