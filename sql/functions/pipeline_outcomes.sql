-- What became of every event in the minutes from since to until, with the reason ('' if there is none). accepted: Kafka has
-- it; it becomes one of stored, duplicate (its event_id was stored before), quarantined and lost (Kafka deleted it before it was
-- stored). rejected: refused, as the client was told.
CREATE OR REPLACE FUNCTION footfall.pipeline_outcomes(since timestamptz, until timestamptz)
RETURNS TABLE (outcome text, reason text, events bigint)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT counted.outcome, counted.reason, sum(counted.event_count)::bigint
    FROM analytics_outcomes AS counted
    WHERE counted.time_bucket >= since AND counted.time_bucket < until
    GROUP BY counted.outcome, counted.reason
    ORDER BY 3 DESC, 1, 2
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_outcomes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_outcomes TO footfall_reader;
