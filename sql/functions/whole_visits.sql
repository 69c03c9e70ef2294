-- The visits of [since, until), each with all that happened in it: a visit is what one session (else one visitor) of a
-- site did without 30 minutes of silence. What lies outside the range is no part of it.
-- `filters`: of its first half hour is what they say about bots, of the last event exit_page, of the first event all
-- else. page, page_prefix and event_type choose events and are not looked at: see footfall.visits.
-- visitor: the visitor_id, else one made from the visit's key. bounced: at most one page_view, and nothing done. channel
-- is never null.
CREATE OR REPLACE FUNCTION footfall.whole_visits(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS TABLE (site text, visit_key text, visitor uuid, first_at timestamptz, last_at timestamptz, events bigint,
    views bigint, bounced boolean, exit_page text, entry_page text, referrer_host text, channel text, utm_source text,
    utm_medium text, utm_campaign text, utm_term text, utm_content text, browser text, os text, device text,
    language text, screen text, country text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        visit.site, visit.visit_key, visit.visitor, visit.first_at, visit.last_at, visit.events, visit.views,
        visit.bounced, visit.exit_page, visit.entry_page, visit.referrer_host, visit.channel, visit.utm_source,
        visit.utm_medium, visit.utm_campaign, visit.utm_term, visit.utm_content, visit.browser, visit.os,
        visit.device, visit.language, visit.screen, visit.country
    FROM (
        -- Of each visit there are its first cell and, where it is another, its last.
        SELECT
            edge.begins, edge.site, edge.visit_key, coalesce(edge.visitor_id, md5(edge.visit_key)::uuid) AS visitor,
            edge.first_at, edge.bot,
            CASE WHEN edge.ends THEN edge.last_so_far ELSE lead(edge.last_so_far) OVER chain END AS last_at,
            CASE WHEN edge.ends THEN edge.events ELSE lead(edge.events_so_far) OVER chain - edge.events_so_far + edge.events END AS events,
            CASE WHEN edge.ends THEN edge.views ELSE lead(edge.views_so_far) OVER chain - edge.views_so_far + edge.views END AS views,
            CASE WHEN edge.ends THEN edge.views ELSE lead(edge.views_so_far) OVER chain - edge.views_so_far + edge.views END <= 1
                AND CASE WHEN edge.ends THEN edge.actions ELSE lead(edge.actions_so_far) OVER chain - edge.actions_so_far + edge.actions END = 0 AS bounced,
            CASE WHEN edge.ends THEN edge.last_page ELSE lead(edge.last_page) OVER chain END AS exit_page,
            edge.entry_page, edge.referrer_host, coalesce(edge.channel, 'direct') AS channel, edge.utm_source, edge.utm_medium,
            edge.utm_campaign, edge.utm_term, edge.utm_content, edge.browser, edge.os, edge.device, edge.language,
            edge.screen, edge.country
        FROM (
            SELECT
                cell.*,
                (cell.first_at - max(cell.last_at) OVER (chain ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                    < INTERVAL '30 minutes') IS NOT TRUE AS begins,
                (lead(cell.first_at) OVER chain - max(cell.last_at) OVER (chain ROWS UNBOUNDED PRECEDING)
                    < INTERVAL '30 minutes') IS NOT TRUE AS ends,
                max(cell.last_at) OVER (chain ROWS UNBOUNDED PRECEDING) AS last_so_far,
                sum(cell.events) OVER (chain ROWS UNBOUNDED PRECEDING)::bigint AS events_so_far,
                sum(cell.views) OVER (chain ROWS UNBOUNDED PRECEDING)::bigint AS views_so_far,
                sum(cell.actions) OVER (chain ROWS UNBOUNDED PRECEDING)::bigint AS actions_so_far,
                -- The other row of the same half hour may hold the later event.
                CASE WHEN lag(cell.half_hour) OVER chain = cell.half_hour
                        AND (lag(cell.last_at) OVER chain, lag(cell.last_id) OVER chain) > (cell.last_at, cell.last_id)
                    THEN lag(cell.exit_page) OVER chain
                    ELSE cell.exit_page
                END AS last_page
            FROM footfall.visit_cells($1, $2, $3) AS cell
            WINDOW chain AS (PARTITION BY cell.site, cell.visit_key ORDER BY cell.half_hour, cell.first_at, cell.first_id)
        ) AS edge
        WHERE edge.begins OR edge.ends
        WINDOW chain AS (PARTITION BY edge.site, edge.visit_key ORDER BY edge.half_hour, edge.first_at, edge.first_id)
    ) AS visit
    WHERE visit.begins
        AND (footfall.filter_values($3, 'bot') IS NULL OR visit.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
        AND (footfall.filter_values($3, 'referrer_host') IS NULL OR coalesce(visit.referrer_host, '') = ANY (footfall.filter_values($3, 'referrer_host')))
        AND (footfall.filter_values($3, 'channel') IS NULL OR coalesce(visit.channel, '') = ANY (footfall.filter_values($3, 'channel')))
        AND (footfall.filter_values($3, 'utm_source') IS NULL OR coalesce(visit.utm_source, '') = ANY (footfall.filter_values($3, 'utm_source')))
        AND (footfall.filter_values($3, 'utm_medium') IS NULL OR coalesce(visit.utm_medium, '') = ANY (footfall.filter_values($3, 'utm_medium')))
        AND (footfall.filter_values($3, 'utm_campaign') IS NULL OR coalesce(visit.utm_campaign, '') = ANY (footfall.filter_values($3, 'utm_campaign')))
        AND (footfall.filter_values($3, 'utm_term') IS NULL OR coalesce(visit.utm_term, '') = ANY (footfall.filter_values($3, 'utm_term')))
        AND (footfall.filter_values($3, 'utm_content') IS NULL OR coalesce(visit.utm_content, '') = ANY (footfall.filter_values($3, 'utm_content')))
        AND (footfall.filter_values($3, 'browser') IS NULL OR coalesce(visit.browser, '') = ANY (footfall.filter_values($3, 'browser')))
        AND (footfall.filter_values($3, 'os') IS NULL OR coalesce(visit.os, '') = ANY (footfall.filter_values($3, 'os')))
        AND (footfall.filter_values($3, 'device') IS NULL OR coalesce(visit.device, '') = ANY (footfall.filter_values($3, 'device')))
        AND (footfall.filter_values($3, 'country') IS NULL OR coalesce(visit.country, '') = ANY (footfall.filter_values($3, 'country')))
        AND (footfall.filter_values($3, 'language') IS NULL OR coalesce(visit.language, '') = ANY (footfall.filter_values($3, 'language')))
        AND (footfall.filter_values($3, 'screen') IS NULL OR coalesce(visit.screen, '') = ANY (footfall.filter_values($3, 'screen')))
        AND (footfall.filter_values($3, 'entry_page') IS NULL OR coalesce(visit.entry_page, '') = ANY (footfall.filter_values($3, 'entry_page')))
        AND (footfall.filter_values($3, 'exit_page') IS NULL OR coalesce(visit.exit_page, '') = ANY (footfall.filter_values($3, 'exit_page')))
$$;
REVOKE EXECUTE ON FUNCTION footfall.whole_visits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.whole_visits TO footfall_reader;
