-- footfall.sums_of_visits, added up over sites and bots, and answered from analytics_rollup for the days that have sums if
-- `filters` choose by site and bot only: then the answer costs as much as it has values, however many events there were.
CREATE OR REPLACE FUNCTION footfall.sums(lists text[], since timestamptz, until timestamptz, filters jsonb)
RETURNS TABLE (list text, subject integer, property integer, value integer, visitors bigint, visits bigint, events bigint,
    views bigint, bounces bigint, seconds double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    uses_days CONSTANT boolean := footfall.is_of_days(filters);
BEGIN
    RETURN QUERY
        SELECT part.list, part.subject, part.property, part.value, sum(part.visitors)::bigint, sum(part.visits)::bigint, sum(part.events)::bigint,
            sum(part.views)::bigint, sum(part.bounces)::bigint, (sum(part.micros) / 1000000)::double precision
        FROM (
            SELECT
                day.list, day.subject, day.property, day.value, sum(day.visitors) AS visitors, sum(day.visits) AS visits, sum(day.events) AS events,
                sum(day.views) AS views, sum(day.bounces) AS bounces, sum(day.micros) AS micros
            FROM footfall.sums_of_days(lists, since, until, filters, false) AS day
            WHERE uses_days
            GROUP BY 1, 2, 3, 4
            UNION ALL
            SELECT visited.list, visited.subject, visited.property, visited.value, visited.visitors, visited.visits, visited.events, visited.views,
                visited.bounces, visited.micros
            FROM footfall.spans_to_count(since, until, uses_days) AS span
            CROSS JOIN footfall.sums_of_visits(lists, span.since, span.until, filters, false) AS visited
        ) AS part
        GROUP BY 1, 2, 3, 4
        -- What has changed on a day may leave nothing of a sum.
        HAVING sum(part.visits) > 0 OR sum(part.events) > 0;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.sums FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.sums TO footfall_reader;
