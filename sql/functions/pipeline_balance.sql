-- Whether the counts of the minutes from since to until add up: accepted = stored + duplicate + quarantined + lost + in_flight.
-- in_flight is what Kafka has and the sink has not stored yet; for a range that ended minutes ago it is 0. If negative,
-- another producer writes to the topic, or ingest crashed and lost its last second of counts. rejected was never accepted.
-- lost is what Kafka deleted before it was stored.
CREATE OR REPLACE FUNCTION footfall.pipeline_balance(since timestamptz, until timestamptz)
RETURNS TABLE (
    accepted bigint, stored bigint, duplicate bigint, quarantined bigint, rejected bigint, lost bigint, in_flight bigint
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT *, accepted - stored - duplicate - quarantined - lost
    FROM (
        SELECT
            coalesce(sum(event_count) FILTER (WHERE outcome = 'accepted'), 0)::bigint AS accepted,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'stored'), 0)::bigint AS stored,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'duplicate'), 0)::bigint AS duplicate,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'quarantined'), 0)::bigint AS quarantined,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'rejected'), 0)::bigint AS rejected,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'lost'), 0)::bigint AS lost
        FROM analytics_outcomes
        WHERE time_bucket >= since AND time_bucket < until
    ) AS counts
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_balance FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_balance TO footfall_reader;
