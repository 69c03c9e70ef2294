-- How many events were stored in the minutes before `at`, and in the same minutes a day earlier, by our clock and not the
-- clients': none now but some then means that the site, the tracker or nginx is broken. events is null if a daemon has not
-- reported for over a minute: events may wait, and it is that daemon that needs attention (see pipeline_sources).
CREATE OR REPLACE FUNCTION footfall.pipeline_silence(minutes integer DEFAULT 15, at timestamptz DEFAULT now())
RETURNS TABLE (events bigint, events_yesterday bigint)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        CASE WHEN footfall.pipeline_reported_at(at - INTERVAL '1 day', at) < at - INTERVAL '1 minute' THEN NULL
            ELSE coalesce(sum(event_count) FILTER (WHERE time_bucket >= at - INTERVAL '12 hours'), 0)::bigint END,
        coalesce(sum(event_count) FILTER (WHERE time_bucket < at - INTERVAL '12 hours'), 0)::bigint
    FROM analytics_outcomes
    WHERE outcome = 'stored' AND (
        (time_bucket >= at - make_interval(mins => minutes) AND time_bucket < at)
        OR (time_bucket >= at - INTERVAL '1 day' - make_interval(mins => minutes) AND time_bucket < at - INTERVAL '1 day')
    )
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_silence FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_silence TO footfall_reader;
