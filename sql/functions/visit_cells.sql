-- What each visit did in each half hour of [since, until): from analytics_visit_parts for whole half hours, counted from
-- the events where the range begins or ends within one. Of `filters` only site is looked at, for what else they choose
-- concerns a visit as a whole: see footfall.visits.
-- One visit's half hour is two rows where the number of partitions in Kafka changed in it.
CREATE OR REPLACE FUNCTION footfall.visit_cells(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS TABLE (half_hour timestamptz, site text, visit_key text, first_at timestamptz, first_id uuid, last_at timestamptz,
    last_id uuid, events integer, views integer, actions integer, bot boolean, visitor_id uuid, exit_page text,
    entry_page text, {{list attributes: @ text}})
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        part.half_hour, part.site, part.visit_key, part.first_at, part.first_id, part.last_at, part.last_id,
        part.events, part.views, part.actions, part.bot, part.visitor_id, part.exit_page, part.entry_page,
        {{list attributes: part.@}}
    FROM analytics_visit_parts AS part
    WHERE part.half_hour >= $1 AND part.half_hour < date_bin('30 minutes', $2, 'epoch')
        AND (footfall.filter_values($3, 'site') IS NULL OR part.site = ANY (footfall.filter_values($3, 'site')))
    UNION ALL
    SELECT
        cell.half_hour, cell.site, cell.visit_key, cell.first_at, cell.first_id, cell.last_at, cell.last_id,
        cell.events, cell.views, cell.actions, cell.bot, cell.visitor_id, cell.exit_page, cell.entry_page,
        {{list attributes: cell.@}}
    FROM footfall.visit_cells_of_events($1, least(footfall.rounded_up($1, '30 minutes'), $2)) AS cell
    WHERE footfall.filter_values($3, 'site') IS NULL OR cell.site = ANY (footfall.filter_values($3, 'site'))
    UNION ALL
    SELECT
        cell.half_hour, cell.site, cell.visit_key, cell.first_at, cell.first_id, cell.last_at, cell.last_id,
        cell.events, cell.views, cell.actions, cell.bot, cell.visitor_id, cell.exit_page, cell.entry_page,
        {{list attributes: cell.@}}
    FROM footfall.visit_cells_of_events(greatest(footfall.rounded_up($1, '30 minutes'), date_bin('30 minutes', $2, 'epoch')), $2) AS cell
    WHERE footfall.filter_values($3, 'site') IS NULL OR cell.site = ANY (footfall.filter_values($3, 'site'))
$$;
REVOKE EXECUTE ON FUNCTION footfall.visit_cells FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visit_cells TO footfall_reader;
