-- Whether the counts from since to until add up: accepted = stored + duplicate + quarantined + lost +
-- in_flight.
--
-- answer         'yes', 'no: ...', or 'not known since 14:05' (in time_zone) if a daemon's last report is over a minute old
-- accepted ...   counted in whole minutes before counted_until. rejected was never accepted; lost is what Kafka deleted
--                before it was stored
-- in_flight      messages that Kafka has and the sink has not stored, as the sink reports them; null if that is not known
-- unexplained    accepted events that have no other outcome and are not in flight. Negative: more outcomes than accepted
--                events, because another producer writes to the topic, or ingest crashed and lost its last second of counts
-- counted_until  the end of the last minute that every report covers, see pipeline_reported_at
--
-- Ingest and sink count an event when they handle it, so one near the end of a minute may be accepted in one minute and
-- stored in the next. The sums are therefore compared at each of three minutes at both ends, and two seconds' worth of
-- events is allowed. What was stored later than until is no longer missing, so up to an hour after it is read.
CREATE OR REPLACE FUNCTION footfall.pipeline_balance(since timestamptz, until timestamptz, time_zone text DEFAULT 'UTC')
RETURNS TABLE (answer text, accepted bigint, stored bigint, duplicate bigint, quarantined bigint, rejected bigint, lost bigint,
    in_flight bigint, unexplained bigint, counted_until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH asked AS (
        SELECT least(until, now()) AS at, footfall.pipeline_reported_at(least(until, now()) - INTERVAL '1 day') AS reported_at
    ), settled AS (
        -- An ingest's last counts may come some seconds after its sample.
        SELECT asked.*, date_trunc('minute', least(at, reported_at - INTERVAL '5 seconds')) AS until FROM asked
    ), minutes AS (
        SELECT time_bucket AS minute,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'accepted'), 0) AS accepted,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'stored'), 0) AS stored,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'duplicate'), 0) AS duplicate,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'quarantined'), 0) AS quarantined,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'rejected'), 0) AS rejected,
            coalesce(sum(event_count) FILTER (WHERE outcome = 'lost'), 0) AS lost,
            sum(sum(CASE outcome WHEN 'accepted' THEN event_count WHEN 'rejected' THEN 0 ELSE -event_count END)) OVER (ORDER BY time_bucket)
                AS open_after
        FROM analytics_outcomes
        WHERE time_bucket >= since AND time_bucket < pipeline_balance.until + INTERVAL '1 hour'
        GROUP BY time_bucket
    ), beginnings AS (
        -- How many were open when the first minute began, the second and the third.
        SELECT min(open) AS least, max(open) AS most
        FROM (
            SELECT coalesce((SELECT open_after FROM minutes WHERE minute < first.minute + step * INTERVAL '1 minute' ORDER BY minute DESC LIMIT 1), 0)
            FROM (SELECT min(minute) AS minute FROM minutes) AS first, generate_series(0, 2) AS step
        ) AS each (open)
    ), ends AS (
        SELECT max(open) FILTER (WHERE NOT later) AS most, min(open) AS least
        FROM (
            SELECT coalesce((SELECT open_after FROM minutes WHERE minute < settled.until - step * INTERVAL '1 minute' ORDER BY minute DESC LIMIT 1), 0), false
            FROM settled, generate_series(0, 2) AS step
            UNION ALL SELECT open_after, true FROM minutes, settled WHERE minute >= settled.until
        ) AS each (open, later)
    ), allowed AS (
        SELECT ceil(max(greatest(minutes.accepted, minutes.stored)) * 2 / 60) AS events
        FROM minutes, settled, (SELECT min(minute) AS minute FROM minutes) AS first
        WHERE minutes.minute < first.minute + INTERVAL '3 minutes'
            OR minutes.minute BETWEEN settled.until - INTERVAL '3 minutes' AND settled.until
    ), waiting AS (
        SELECT coalesce(messages, 0) AS messages,
            CASE WHEN settled.at - reported.reported_at <= INTERVAL '1 minute' THEN messages
                -- Without a sink nothing waits.
                WHEN settled.reported_at IS NOT NULL AND NOT EXISTS (
                    SELECT FROM footfall.pipeline_latest(settled.at - INTERVAL '1 day') AS latest WHERE latest.program = 'footfall-sink'
                ) THEN 0 END AS known
        FROM settled, footfall.pipeline_waiting(settled.at) AS reported
    ), missing AS (
        SELECT (greatest(ends.least - beginnings.most - coalesce(allowed.events, 0) - waiting.messages, 0)
            + least(ends.most - beginnings.least + coalesce(allowed.events, 0), 0))::bigint AS events
        FROM beginnings, ends, allowed, waiting
    ), counted AS (
        SELECT coalesce(sum(minutes.accepted), 0)::bigint AS accepted, coalesce(sum(minutes.stored), 0)::bigint AS stored,
            coalesce(sum(minutes.duplicate), 0)::bigint AS duplicate,
            coalesce(sum(minutes.quarantined), 0)::bigint AS quarantined, coalesce(sum(minutes.rejected), 0)::bigint AS rejected,
            coalesce(sum(minutes.lost), 0)::bigint AS lost
        FROM minutes, settled
        WHERE minute < settled.until
    )
    SELECT
        CASE
            WHEN settled.reported_at IS NULL THEN 'not known: no daemon has reported for a day'
            WHEN settled.reported_at < settled.at - INTERVAL '1 minute' THEN 'not known since ' || to_char(
                settled.reported_at AT TIME ZONE time_zone,
                CASE WHEN settled.at - settled.reported_at < INTERVAL '12 hours' THEN 'HH24:MI' ELSE 'FMDD Mon HH24:MI' END)
            WHEN missing.events > 0 THEN format('no: %s missing', missing.events)
            WHEN missing.events < 0 THEN format('no: %s too many', -missing.events)
            ELSE 'yes'
        END,
        counted.*, waiting.known::bigint, missing.events, settled.until
    FROM settled, counted, waiting, missing
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_balance FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_balance TO footfall_reader;
