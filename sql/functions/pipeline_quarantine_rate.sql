-- How many messages the sink read in the minutes before `at`, how many of them it quarantined, and their share, 0 to 1;
-- null if it read none. There should be none at all: ingest rejects what cannot be stored.
CREATE OR REPLACE FUNCTION footfall.pipeline_quarantine_rate(minutes integer DEFAULT 15, at timestamptz DEFAULT now())
RETURNS TABLE (events bigint, quarantined bigint, share double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT events, quarantined, quarantined::double precision / nullif(events, 0)
    FROM (
        SELECT coalesce(sum(counted.event_count), 0)::bigint AS events,
            coalesce(sum(counted.event_count) FILTER (WHERE counted.outcome = 'quarantined'), 0)::bigint AS quarantined
        FROM analytics_outcomes AS counted
        WHERE counted.outcome IN ('stored', 'duplicate', 'quarantined')
            AND counted.time_bucket >= at - make_interval(mins => minutes) AND counted.time_bucket < at
    ) AS counts
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_quarantine_rate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_quarantine_rate TO footfall_reader;
