-- The chunks of a hypertable that ended at the horizon or before, oldest first.
SELECT range_start, range_end, pg_total_relation_size(format('%I.%I', chunk_schema, chunk_name)::regclass) AS bytes
FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public' AND hypertable_name = $1 AND range_end <= $2
    -- Events that have not been added to the visits yet stay until they have been.
    AND NOT ($1 = 'analytics_events' AND EXISTS (SELECT FROM analytics_backfill))
ORDER BY range_end
