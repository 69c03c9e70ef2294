-- How many events Kafka deleted before they were stored, and how often it held another log than the one that was read (its data
-- was put back, or a topic recreated), in the minutes before `at`. `happened` is the sum, and should be 0.
CREATE OR REPLACE FUNCTION footfall.pipeline_lost(minutes integer DEFAULT 15, at timestamptz DEFAULT now())
RETURNS TABLE (happened bigint, events bigint, logs_replaced bigint)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT (events + logs_replaced)::bigint, events, logs_replaced
    FROM
        (SELECT coalesce(sum(counted.event_count), 0)::bigint
         FROM analytics_outcomes AS counted
         WHERE counted.outcome = 'lost'
            AND counted.time_bucket >= at - make_interval(mins => minutes) AND counted.time_bucket < at
        ) AS deleted (events),
        (SELECT coalesce(sum(counter.increase), 0)::bigint
         FROM footfall.pipeline_increases(
            at - make_interval(mins => minutes), at, make_interval(mins => minutes), 'footfall_sink_logs_replaced_total'
         ) AS counter
        ) AS replaced (logs_replaced)
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_lost FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_lost TO footfall_reader;
