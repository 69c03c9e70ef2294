-- The newest events that happened before `before`, newest first; for the next page, pass the last row's happened_at.
-- filters: see footfall.matching_events. Those that choose whole visits look back 30 days, the others as far as needed.
-- row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.recent_events(filters jsonb DEFAULT '{}', row_limit integer DEFAULT 50,
    before timestamptz DEFAULT now() + INTERVAL '1 day')
RETURNS TABLE (happened_at timestamptz, event_type text, site text, page text, page_title text, button_id text,
    referrer_host text, channel text, browser text, os text, device text, country text, bot boolean, event_id uuid,
    metadata jsonb)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        event.timestamp, event.event_type, event.site, event.page_path, event.page_title, event.button_id,
        event.referrer_host, event.channel, event.browser, event.os, event.device, event.country, event.bot,
        event.event_id, event.metadata
    FROM (
        (SELECT * FROM footfall.events_alone('-infinity', $3, $1) WHERE NOT footfall.filters_name($1, '{entry_page,exit_page,{{list visit_attributes: @}}}')
        ORDER BY timestamp DESC, event_id DESC LIMIT $2)
        UNION ALL
        SELECT * FROM footfall.matching_events($3 - INTERVAL '30 days', $3, $1) WHERE footfall.filters_name($1, '{entry_page,exit_page,{{list visit_attributes: @}}}')
    ) AS event
    ORDER BY event.timestamp DESC, event.event_id DESC
    LIMIT $2
$$;
REVOKE EXECUTE ON FUNCTION footfall.recent_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.recent_events TO footfall_reader;
