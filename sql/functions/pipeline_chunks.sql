-- The chunks (days) of each hypertable that overlap [since, until), with their size on disk including indexes.
CREATE OR REPLACE FUNCTION footfall.pipeline_chunks(since timestamptz, until timestamptz)
RETURNS TABLE (hypertable text, chunk text, range_start timestamptz, range_end timestamptz, bytes bigint)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT hypertable_name::text, chunk_name::text, chunk.range_start, chunk.range_end,
        pg_total_relation_size(format('%I.%I', chunk_schema, chunk_name)::regclass)
    FROM timescaledb_information.chunks AS chunk
    WHERE hypertable_name IN ('analytics_events', 'analytics_visits', 'pipeline_samples')
        AND chunk.range_end > since AND chunk.range_start < until
    ORDER BY 3, 1
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_chunks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_chunks TO footfall_reader;
