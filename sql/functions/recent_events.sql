-- The newest events before a point in time, newest first. For the next page, pass the last row's happened_at and event_id:
-- no event is left out or returned twice, even if several happened in the same microsecond.
-- before, before_id: only events before that time, and those of that time whose event_id is smaller; if before_id is null,
-- none of that time. Without it, the events of a clock that is more than ten minutes ahead wait for their time.
-- filters: see footfall.matching_events. Those that choose whole visits look back 30 days, the others as far as needed.
-- row_limit: rows at most.
DROP FUNCTION IF EXISTS footfall.recent_events(jsonb, integer, timestamptz);
CREATE OR REPLACE FUNCTION footfall.recent_events(filters jsonb DEFAULT '{}', row_limit integer DEFAULT 50,
    before timestamptz DEFAULT now() + INTERVAL '10 minutes', before_id uuid DEFAULT NULL)
RETURNS TABLE (happened_at timestamptz, event_type text, site text, page text, page_title text, button_id text,
    referrer_host text, channel text, browser text, os text, device text, country text, bot boolean, event_id uuid,
    metadata jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    -- No id is smaller than the one of zeros.
    id CONSTANT uuid := coalesce(before_id, '00000000-0000-0000-0000-000000000000');
    until CONSTANT timestamptz := before + INTERVAL '1 microsecond';
    chooses_visits CONSTANT boolean := footfall.filters_name(filters, '{entry_page,exit_page,{{list attributes: @}}}');
    reach interval := INTERVAL '1 hour';
    since timestamptz := '-infinity';
BEGIN
    IF chooses_visits THEN
        -- The events of visits cannot be read in the order of time, so the range grows until there are enough.
        WHILE reach < INTERVAL '30 days' AND (
            SELECT count(*) FROM (
                SELECT FROM footfall.matching_events(least(before, now()) - reach, until, filters) AS event
                WHERE (event.timestamp, event.event_id) < (before, id) LIMIT row_limit) AS found) < row_limit LOOP
            reach := reach * 6;
        END LOOP;
        since := least(before, now()) - least(reach, INTERVAL '30 days');
    END IF;
    RETURN QUERY
        SELECT
            event.timestamp, event.event_type::text, event.site::text, event.page_path, event.page_title::text, event.button_id::text,
            event.referrer_host, event.channel, event.browser, event.os, event.device, event.country, event.bot,
            event.event_id, event.metadata
        FROM (
            SELECT * FROM (
                SELECT * FROM footfall.events_alone(since, until, filters) AS event
                WHERE (event.timestamp, event.event_id) < (before, id) AND NOT chooses_visits
                ORDER BY timestamp DESC, event_id DESC LIMIT row_limit) AS alone
            UNION ALL
            SELECT * FROM footfall.matching_events(since, until, filters) AS event
            WHERE (event.timestamp, event.event_id) < (before, id) AND chooses_visits
        ) AS event
        ORDER BY event.timestamp DESC, event.event_id DESC
        LIMIT row_limit;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.recent_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.recent_events TO footfall_reader;
