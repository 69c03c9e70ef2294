-- For `footfall retain`: drops the chunk of analytics_events between these two times, after counting its events in
-- analytics_summary_parts, so that the view analytics_summary still has its pages. Returns 1, or 0 if it is already gone.
-- Chunks are to be dropped in order. Raises lock_not_available if an older day has received an event meanwhile.
CREATE OR REPLACE FUNCTION footfall.drop_events_keeping_summary(chunk_start timestamptz, chunk_end timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    chunk regclass;
    first timestamptz;
BEGIN
    SELECT format('%I.%I', chunk_schema, chunk_name)::regclass INTO chunk
    FROM timescaledb_information.chunks
    WHERE hypertable_schema = 'public' AND hypertable_name = 'analytics_events' AND range_start = chunk_start AND range_end = chunk_end;
    IF chunk IS NULL THEN
        RETURN 0;
    END IF;
    -- A transaction that stores an event in this chunk has ended, or waits and reads analytics_summary_start afterwards.
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', chunk);
    SELECT greatest(since, chunk_start) INTO first FROM analytics_summary_start;
    IF first < chunk_end THEN
        DELETE FROM analytics_summary_hours WHERE hour >= first AND hour < chunk_end;
        -- An older sink counts here too.
        DELETE FROM analytics_summary_parts WHERE time_bucket >= first AND time_bucket < chunk_end;
        INSERT INTO analytics_summary_parts (time_bucket, event_type, page_url, site, bot, kafka_partition, event_count)
        SELECT date_bin('1 minute', timestamp, 'epoch'), event_type, page_url, coalesce(site, ''), bot, 0, count(*)
        FROM analytics_events
        WHERE timestamp >= first AND timestamp < chunk_end
        GROUP BY 1, 2, 3, 4, 5
        ORDER BY 1;
        LOCK TABLE analytics_summary_start IN ACCESS EXCLUSIVE MODE;
        IF EXISTS (
            SELECT FROM timescaledb_information.chunks, analytics_summary_start
            WHERE hypertable_schema = 'public' AND hypertable_name = 'analytics_events'
                AND range_end <= chunk_start AND range_end > coalesce(since, '-infinity')
        ) THEN
            RAISE EXCEPTION 'an event of an older day has arrived' USING ERRCODE = 'lock_not_available';
        END IF;
        UPDATE analytics_summary_start SET since = chunk_end;
    END IF;
    RETURN (SELECT count(*) FROM drop_chunks('analytics_events', newer_than => chunk_start, older_than => chunk_end));
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.drop_events_keeping_summary FROM PUBLIC;
