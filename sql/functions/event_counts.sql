-- How many events of each site and type there were in [since, until), at times that are exact to the minute where
-- `whole_minutes` is true, and to the hour where `whole_hours` is too: from the roll-up, analytics_summary_hours, where filters ask
-- for site, event_type and bot alone, with the minutes or events themselves where the range begins or ends within an hour or
-- minute. Else each event is a row.
CREATE OR REPLACE FUNCTION footfall.event_counts(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    whole_minutes boolean DEFAULT true, whole_hours boolean DEFAULT false)
RETURNS TABLE (at timestamptz, site text, event_type text, events integer)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT part.hour, part.site, part.event_type, part.event_count::integer
    FROM analytics_summary_hours AS part
    WHERE $4 AND $5 AND footfall.is_of_sites($3)
        AND part.hour >= $1 AND part.hour < date_bin('1 hour', $2, 'epoch')
        AND (footfall.filter_values($3, 'site') IS NULL OR part.site = ANY (footfall.filter_values($3, 'site')))
        AND (footfall.filter_values($3, 'event_type') IS NULL OR part.event_type = ANY (footfall.filter_values($3, 'event_type')))
        AND (footfall.filter_values($3, 'bot') IS NULL OR part.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
    UNION ALL
    SELECT part.hour + (minute >> 40) * INTERVAL '1 minute', part.site, part.event_type, (minute & ((1::bigint << 40) - 1))::integer
    FROM analytics_summary_hours AS part, unnest(part.minutes) AS minute
    WHERE $4 AND $5 AND footfall.is_of_sites($3)
        AND part.hour + (minute >> 40) * INTERVAL '1 minute' >= $1
        AND part.hour + (minute >> 40) * INTERVAL '1 minute' < date_bin('1 minute', $2, 'epoch')
        -- The hours that the range cuts.
        AND part.hour IN (date_bin('1 hour', $1, 'epoch'), date_bin('1 hour', $2, 'epoch'))
        AND NOT (part.hour >= $1 AND part.hour < date_bin('1 hour', $2, 'epoch'))
        AND (footfall.filter_values($3, 'site') IS NULL OR part.site = ANY (footfall.filter_values($3, 'site')))
        AND (footfall.filter_values($3, 'event_type') IS NULL OR part.event_type = ANY (footfall.filter_values($3, 'event_type')))
        AND (footfall.filter_values($3, 'bot') IS NULL OR part.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
    UNION ALL
    SELECT part.hour + (minute >> 40) * INTERVAL '1 minute', part.site, part.event_type, (minute & ((1::bigint << 40) - 1))::integer
    FROM analytics_summary_hours AS part, unnest(part.minutes) AS minute
    WHERE $4 AND NOT $5 AND footfall.is_of_sites($3)
        AND part.hour + (minute >> 40) * INTERVAL '1 minute' >= $1
        AND part.hour + (minute >> 40) * INTERVAL '1 minute' < date_bin('1 minute', $2, 'epoch')
        AND part.hour >= date_bin('1 hour', $1, 'epoch') AND part.hour < $2
        AND (footfall.filter_values($3, 'site') IS NULL OR part.site = ANY (footfall.filter_values($3, 'site')))
        AND (footfall.filter_values($3, 'event_type') IS NULL OR part.event_type = ANY (footfall.filter_values($3, 'event_type')))
        AND (footfall.filter_values($3, 'bot') IS NULL OR part.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
    UNION ALL
    -- What was stored by an older version, or belongs to a time whose events are deleted.
    SELECT part.time_bucket, part.site, part.event_type, part.event_count::integer
    FROM analytics_summary_parts AS part
    WHERE $4 AND footfall.is_of_sites($3)
        AND part.time_bucket >= $1 AND part.time_bucket < date_bin('1 minute', $2, 'epoch')
        AND (footfall.filter_values($3, 'site') IS NULL OR part.site = ANY (footfall.filter_values($3, 'site')))
        AND (footfall.filter_values($3, 'event_type') IS NULL OR part.event_type = ANY (footfall.filter_values($3, 'event_type')))
        AND (footfall.filter_values($3, 'bot') IS NULL OR part.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
    UNION ALL
    SELECT event.timestamp, coalesce(event.site, ''), event.event_type, 1
    FROM footfall.matching_events($1, least(footfall.rounded_up($1, '1 minute'), $2), $3) AS event
    WHERE $4 AND footfall.is_of_sites($3)
    UNION ALL
    SELECT event.timestamp, coalesce(event.site, ''), event.event_type, 1
    FROM footfall.matching_events(greatest(footfall.rounded_up($1, '1 minute'), date_bin('1 minute', $2, 'epoch')), $2, $3) AS event
    WHERE $4 AND footfall.is_of_sites($3)
    UNION ALL
    SELECT event.timestamp, coalesce(event.site, ''), event.event_type, 1
    FROM footfall.matching_events($1, $2, $3) AS event
    WHERE NOT $4 OR NOT footfall.is_of_sites($3)
$$;
REVOKE EXECUTE ON FUNCTION footfall.event_counts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.event_counts TO footfall_reader;
