-- The chunks of a hypertable that ended at the horizon or before, oldest first.
SELECT range_start, range_end, pg_total_relation_size(format('%I.%I', chunk_schema, chunk_name)::regclass) AS bytes
FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public' AND hypertable_name = $1 AND range_end <= $2
ORDER BY range_end
