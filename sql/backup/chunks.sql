-- The chunks, as pg_dump names them, and the hypertable of each.
SELECT format('%I.%I', chunk_schema, chunk_name), hypertable_name::text
FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public'
