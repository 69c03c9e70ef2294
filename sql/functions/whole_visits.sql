-- The visits of [since, until), each with all that happened in it: a visit is what one session (else one visitor) of a
-- site did without 30 minutes of silence. What lies outside the range is no part of it.
-- `filters`: of its first half hour is what they say about bots, of the last event exit_page, of the first event all
-- else. page, page_prefix and event_type choose events and are not looked at: see footfall.visits.
-- visitor: the visitor_id, else one made from the visit's key. bounced: at most one page_view, and nothing done. channel
-- is never null.
CREATE OR REPLACE FUNCTION footfall.whole_visits(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS TABLE (site text, visit_key text, visitor uuid, first_at timestamptz, last_at timestamptz, events bigint,
    views bigint, bounced boolean, exit_page text, entry_page text, {{list attributes: @ text}})
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        visit.site, visit.visit_key, visit.visitor, visit.first_at, visit.last_at, visit.events, visit.views,
        visit.bounced, visit.exit_page, visit.entry_page, {{list attributes: visit.@}}
    FROM (
        -- Of each visit there are its first cell and, where it is another, its last.
        SELECT
            edge.begins, edge.site, edge.visit_key, edge.visitor, edge.first_at, edge.bot,
            CASE WHEN edge.ends THEN edge.last_at ELSE lead(edge.last_at) OVER visits END AS last_at,
            edge.events + CASE WHEN edge.ends THEN 0 ELSE lead(edge.events_so_far) OVER visits - edge.events_so_far END AS events,
            edge.views + CASE WHEN edge.ends THEN 0 ELSE lead(edge.views_so_far) OVER visits - edge.views_so_far END AS views,
            CASE WHEN edge.ends THEN edge.views <= 1 AND edge.actions = 0
                ELSE edge.views + lead(edge.views_so_far) OVER visits - edge.views_so_far <= 1
                    AND edge.actions + lead(edge.actions_so_far) OVER visits - edge.actions_so_far = 0
            END AS bounced,
            CASE WHEN edge.ends THEN edge.exit_page ELSE lead(edge.exit_page) OVER visits END AS exit_page,
            edge.entry_page, {{list attributes: edge.@; channel: coalesce(edge.channel, 'direct') AS channel}}
        FROM (
            SELECT
                cell.*,
                coalesce(cell.visitor_id, md5(cell.visit_key)::uuid) AS visitor,
                (cell.first_at - lag(cell.last_at) OVER cells < INTERVAL '30 minutes') IS NOT TRUE AS begins,
                (lead(cell.first_at) OVER cells - cell.last_at < INTERVAL '30 minutes') IS NOT TRUE AS ends,
                sum(cell.events) OVER cells AS events_so_far,
                sum(cell.views) OVER cells AS views_so_far,
                sum(cell.actions) OVER cells AS actions_so_far
            FROM (
                SELECT *, hashtextextended(visit_key, 0) AS hash
                FROM footfall.visit_cells($1, $2, $3)
            ) AS cell
            -- The hash is sorted faster than the text, which decides between two of the same hash.
            WINDOW cells AS (
                PARTITION BY cell.hash, cell.visit_key COLLATE "C", cell.site COLLATE "C"
                ORDER BY cell.half_hour, cell.first_at
                ROWS UNBOUNDED PRECEDING)
        ) AS edge
        WHERE edge.begins OR edge.ends
        WINDOW visits AS (
            PARTITION BY edge.hash, edge.visit_key COLLATE "C", edge.site COLLATE "C"
            ORDER BY edge.half_hour, edge.first_at)
    ) AS visit
    WHERE visit.begins
        AND (footfall.filter_values($3, 'bot') IS NULL OR visit.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
        {{each attributes: AND (footfall.filter_values($3, '@') IS NULL OR coalesce(visit.@, '') = ANY (footfall.filter_values($3, '@')))
        }}AND (footfall.filter_values($3, 'entry_page') IS NULL OR coalesce(visit.entry_page, '') = ANY (footfall.filter_values($3, 'entry_page')))
        AND (footfall.filter_values($3, 'exit_page') IS NULL OR coalesce(visit.exit_page, '') = ANY (footfall.filter_values($3, 'exit_page')))
$$;
REVOKE EXECUTE ON FUNCTION footfall.whole_visits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.whole_visits TO footfall_reader;
