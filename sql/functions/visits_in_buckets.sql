-- The visits that began in [since, until), by the bucket in which they began: its place in `starts`, counted from 1.
CREATE OR REPLACE FUNCTION footfall.visits_in_buckets(since timestamptz, until timestamptz, filters jsonb, starts timestamptz[])
RETURNS TABLE (place integer, visitors bigint, visits bigint, views bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_custom_plan SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
    kinds CONSTANT integer[] := footfall.chosen_kinds(filters);
    page_views CONSTANT integer[] := footfall.chosen_kinds(filters, 'page_view');
BEGIN
    RETURN QUERY
        SELECT counted.place, sum(counted.visitors)::bigint, sum(counted.visits)::bigint, sum(counted.views)::bigint
        FROM footfall.days_with_visits(visits_in_buckets.since, visits_in_buckets.until) AS span
        CROSS JOIN LATERAL (
            SELECT by_visitor.place, count(*) AS visitors, sum(by_visitor.visits) AS visits, sum(by_visitor.views) AS views
            FROM (
                SELECT width_bucket(visit.first_at, starts) AS place, visit.visitor, count(*) AS visits, sum(visit.views) AS views
                FROM footfall.visit_rows(visits_in_buckets.since, visits_in_buckets.until, filters, kinds, page_views) AS visit
                WHERE visit.is_visit AND visit.first_at >= span.since AND visit.first_at < span.until
                GROUP BY 1, 2
            ) AS by_visitor
            GROUP BY 1
        ) AS counted
        GROUP BY 1;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits_in_buckets FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits_in_buckets TO footfall_reader;
