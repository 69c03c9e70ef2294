-- footfall.histograms_of_visits, added up over sites and bots, and answered from analytics_rollup where footfall.sums does it.
-- pages: if not null, only these.
CREATE OR REPLACE FUNCTION footfall.histograms(lists text[], since timestamptz, until timestamptz, filters jsonb, pages integer[] DEFAULT NULL)
RETURNS TABLE (list text, page integer, bucket integer, samples bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    uses_days CONSTANT boolean := footfall.is_of_days(filters);
BEGIN
    RETURN QUERY
        SELECT part.list, part.page, part.bucket, sum(part.samples)::bigint
        FROM (
            -- Added up before they meet the others, as integers.
            SELECT cell.list, cell.page, cell.bucket, sum(cell.samples) AS samples
            FROM (
                SELECT day.list, day.value AS page, unnest(day.buckets) AS bucket, unnest(day.counts) AS samples
                FROM footfall.sums_of_days(lists, since, until, filters, false) AS day
                WHERE uses_days AND (pages IS NULL OR day.value = ANY (pages))
            ) AS cell
            GROUP BY 1, 2, 3
            UNION ALL
            SELECT visited.list, visited.page, visited.bucket, visited.samples
            FROM footfall.spans_to_count(since, until, uses_days) AS span
            CROSS JOIN footfall.histograms_of_visits(lists, span.since, span.until, filters) AS visited
            WHERE pages IS NULL OR visited.page = ANY (pages)
        ) AS part
        GROUP BY 1, 2, 3
        HAVING sum(part.samples) > 0;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.histograms FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.histograms TO footfall_reader;
