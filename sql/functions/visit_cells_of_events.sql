-- What each visit did in each half hour, counted from the events of [since, until): the columns of
-- analytics_visit_parts without the partition. Bots are among them. An event with neither session nor visitor belongs to
-- no visit.
-- Slow over a long range: footfall.visit_cells asks it for the edges of a range only. The sink keeps the same in
-- analytics_visit_parts, and is tested against this.
CREATE OR REPLACE FUNCTION footfall.visit_cells_of_events(since timestamptz, until timestamptz)
RETURNS TABLE (half_hour timestamptz, site text, visit_key text, first_at timestamptz, first_id uuid, last_at timestamptz,
    last_id uuid, events integer, views integer, actions integer, bot boolean, visitor_id uuid, exit_page text,
    entry_page text, {{list attributes: @ text}})
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        date_bin('30 minutes', event.timestamp, 'epoch'),
        coalesce(event.site, ''),
        coalesce(event.session_id, event.visitor_id::text),
        min(event.timestamp),
        (array_agg(event.event_id ORDER BY event.timestamp, event.event_id))[1],
        max(event.timestamp),
        (array_agg(event.event_id ORDER BY event.timestamp DESC, event.event_id DESC))[1],
        count(*)::integer,
        (count(*) FILTER (WHERE event.event_type = 'page_view'))::integer,
        (count(*) FILTER (WHERE event.event_type NOT IN ('page_view', 'page_unload', 'engagement', 'web_vitals')))::integer,
        bool_or(event.bot),
        (array_agg(event.visitor_id ORDER BY event.visitor_id))[1],
        (array_agg(event.page_path ORDER BY event.timestamp DESC, event.event_id DESC))[1],
        (array_agg(event.page_path ORDER BY event.timestamp, event.event_id))[1],
        {{list attributes: (array_agg(event.@ ORDER BY event.timestamp, event.event_id))[1]}}
    FROM analytics_events AS event
    WHERE event.timestamp >= $1 AND event.timestamp < $2 AND coalesce(event.session_id, event.visitor_id::text) IS NOT NULL
    GROUP BY 1, 2, 3
$$;
REVOKE EXECUTE ON FUNCTION footfall.visit_cells_of_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visit_cells_of_events TO footfall_reader;
