-- The totals of [since, until) in one row.
-- visitors: distinct visitors of the visits. visits: see footfall.visits. views: their page_view events. events: all
-- events, including those outside a visit. bounce_rate: the share (0 to 1) of visits with at most one view and no action.
-- visit_seconds: from a visit's first event to its last. Rates and times are null if there was no visit.
-- filters: see footfall.visits and, for events, footfall.matching_events.
CREATE OR REPLACE FUNCTION footfall.totals(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}')
RETURNS TABLE (visitors bigint, visits bigint, views bigint, events bigint, views_per_visit double precision,
    bounce_rate double precision, visit_seconds_median double precision, visit_seconds_mean double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        visited.visitors, visited.visits, visited.views, counted.events,
        visited.views / nullif(visited.visits, 0)::double precision,
        visited.bounces / nullif(visited.visits, 0)::double precision,
        visited.seconds_median, visited.seconds_mean
    FROM (
        SELECT
            count(DISTINCT visit.visitor) AS visitors,
            count(*) AS visits,
            coalesce(sum(visit.views), 0)::bigint AS views,
            count(*) FILTER (WHERE visit.bounced) AS bounces,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', visit.last_at - visit.first_at)) AS seconds_median,
            avg(date_part('epoch', visit.last_at - visit.first_at)) AS seconds_mean
        FROM footfall.visits($1, $2, $3) AS visit
    ) AS visited
    CROSS JOIN (SELECT coalesce(sum(counts.events), 0) AS events FROM footfall.event_counts($1, $2, $3) AS counts) AS counted
$$;
REVOKE EXECUTE ON FUNCTION footfall.totals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.totals TO footfall_reader;
