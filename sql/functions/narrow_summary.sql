-- For `footfall retain`: moves the latest hour that is counted in analytics_summary_parts, with pages, to
-- analytics_summary_hours, if its events are still there. Returns whether there was one. Writers wait meanwhile.
CREATE OR REPLACE FUNCTION footfall.narrow_summary() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    first timestamptz;
    ended timestamptz;
BEGIN
    LOCK TABLE analytics_summary_start IN ACCESS EXCLUSIVE MODE;
    SELECT since INTO ended FROM analytics_summary_start;
    SELECT date_bin('1 hour', max(time_bucket), 'epoch') INTO first FROM analytics_summary_parts WHERE time_bucket < ended;
    IF first IS NULL THEN
        UPDATE analytics_summary_start SET since = NULL WHERE since IS NOT NULL;
        RETURN false;
    ELSIF (SELECT sum(event_count) FROM analytics_summary_parts WHERE time_bucket >= first AND time_bucket < ended)
        <> (SELECT count(*) FROM analytics_events WHERE timestamp >= first AND timestamp < ended) THEN
        RETURN false;
    END IF;
    INSERT INTO analytics_summary_hours (hour, event_type, site, bot, kafka_partition, event_count, minutes)
    SELECT first, event_type, site, bot, 0, sum(events), array_agg((minute << 40) + events ORDER BY minute)
    FROM (
        SELECT event_type, site, bot, extract(minute FROM time_bucket)::bigint AS minute, sum(event_count)::bigint AS events
        FROM analytics_summary_parts
        WHERE time_bucket >= first AND time_bucket < ended
        GROUP BY 1, 2, 3, 4
    ) AS minutes
    GROUP BY event_type, site, bot;
    DELETE FROM analytics_summary_parts WHERE time_bucket >= first AND time_bucket < ended;
    UPDATE analytics_summary_start SET since = first;
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.narrow_summary FROM PUBLIC;
