-- How many events of each site and type there were in [since, until), at times that are exact to the minute where
-- `whole_minutes` is true: from the roll-up, analytics_summary_parts, where filters ask for site, event_type and bot
-- alone, with the events themselves where the range begins or ends within a minute. Else each event is a row.
CREATE OR REPLACE FUNCTION footfall.event_counts(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    whole_minutes boolean DEFAULT true) RETURNS TABLE (at timestamptz, site text, event_type text, events integer)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT part.time_bucket, part.site, part.event_type, part.event_count::integer
    FROM analytics_summary_parts AS part
    WHERE $4 AND NOT footfall.filters_name($3, '{page,page_prefix,entry_page,exit_page,{{list attributes: @}}}')
        AND part.time_bucket >= $1 AND part.time_bucket < date_bin('1 minute', $2, 'epoch')
        AND (footfall.filter_values($3, 'site') IS NULL OR part.site = ANY (footfall.filter_values($3, 'site')))
        AND (footfall.filter_values($3, 'event_type') IS NULL OR part.event_type = ANY (footfall.filter_values($3, 'event_type')))
        AND (footfall.filter_values($3, 'bot') IS NULL OR part.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
    UNION ALL
    SELECT event.timestamp, coalesce(event.site, ''), event.event_type, 1
    FROM footfall.matching_events($1, least(footfall.rounded_up($1, '1 minute'), $2), $3) AS event
    WHERE $4 AND NOT footfall.filters_name($3, '{page,page_prefix,entry_page,exit_page,{{list attributes: @}}}')
    UNION ALL
    SELECT event.timestamp, coalesce(event.site, ''), event.event_type, 1
    FROM footfall.matching_events(greatest(footfall.rounded_up($1, '1 minute'), date_bin('1 minute', $2, 'epoch')), $2, $3) AS event
    WHERE $4 AND NOT footfall.filters_name($3, '{page,page_prefix,entry_page,exit_page,{{list attributes: @}}}')
    UNION ALL
    SELECT event.timestamp, coalesce(event.site, ''), event.event_type, 1
    FROM footfall.matching_events($1, $2, $3) AS event
    WHERE NOT $4 OR footfall.filters_name($3, '{page,page_prefix,entry_page,exit_page,{{list attributes: @}}}')
$$;
REVOKE EXECUTE ON FUNCTION footfall.event_counts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.event_counts TO footfall_reader;
