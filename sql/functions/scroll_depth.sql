-- How far pages were read in [since, until), according to their page_view and engagement events.
-- views: page_view events. The other columns cover views with an engagement event, which belongs to the same visitor's
-- latest view of the page; a view is as deep as its deepest report. scroll_percent_mean: 0 to 100. reached_25: views
-- scrolled to 25 % or further. engaged_seconds: the time that the page was visible, summed over a view.
-- filters: see footfall.matching_events; event_type hides events of other types. row_limit: pages at most.
CREATE OR REPLACE FUNCTION footfall.scroll_depth(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100)
RETURNS TABLE (page text, views bigint, scroll_percent_mean double precision, reached_25 bigint, reached_50 bigint,
    reached_75 bigint, reached_100 bigint, engaged_seconds_median double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        seen.page_path,
        sum(seen.views)::bigint,
        avg(seen.scroll_percent),
        count(*) FILTER (WHERE seen.scroll_percent >= 25),
        count(*) FILTER (WHERE seen.scroll_percent >= 50),
        count(*) FILTER (WHERE seen.scroll_percent >= 75),
        count(*) FILTER (WHERE seen.scroll_percent >= 100),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seen.engaged_ms / 1000)
    FROM (
        SELECT
            report.page_path, sum(report.is_view) AS views, max(report.scroll_percent) AS scroll_percent,
            sum(report.engaged_ms) AS engaged_ms
        FROM (
            SELECT
                event.page_path, who.hash,
                (event.event_type = 'page_view')::integer AS is_view,
                CASE WHEN event.event_type = 'engagement' AND jsonb_typeof(event.metadata -> 'scroll_percent') = 'number'
                    THEN (event.metadata -> 'scroll_percent')::double precision END AS scroll_percent,
                CASE WHEN event.event_type = 'engagement' AND jsonb_typeof(event.metadata -> 'engaged_ms') = 'number'
                    THEN (event.metadata -> 'engaged_ms')::double precision END AS engaged_ms,
                count(*) FILTER (WHERE event.event_type = 'page_view') OVER (
                    PARTITION BY who.hash, event.page_path COLLATE "C"
                    ORDER BY event.timestamp, event.event_id ROWS UNBOUNDED PRECEDING) AS view_number
            FROM footfall.matching_events($1, $2, $3) AS event
            -- Hashes sort faster than text.
            CROSS JOIN LATERAL (SELECT hashtextextended(coalesce(event.session_id, event.visitor_id::text),
                hashtextextended(coalesce(event.site, ''), 0))) AS who (hash)
            WHERE event.event_type IN ('page_view', 'engagement')
        ) AS report
        GROUP BY report.hash, report.page_path, report.view_number
    ) AS seen
    GROUP BY seen.page_path
    ORDER BY 2 DESC, 1
    LIMIT $4
$$;
REVOKE EXECUTE ON FUNCTION footfall.scroll_depth FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.scroll_depth TO footfall_reader;
