-- Visitors, visits and their page views in each bucket of [since, until); a visit counts in the bucket in which it began.
-- visitors: distinct within the bucket; buckets of days in the instance's time zone add up to a total.
-- bucket_width, time_zone: see footfall.bucket_starts. filters: see footfall.filter_values.
CREATE OR REPLACE FUNCTION footfall.visits_over_time(since timestamptz, until timestamptz, bucket_width interval,
    time_zone text DEFAULT 'UTC', filters jsonb DEFAULT '{}')
RETURNS TABLE (bucket timestamptz, visitors bigint, visits bigint, views bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    starts CONSTANT timestamptz[] := footfall.bucket_starts(since, until, bucket_width, time_zone);
    -- Sums of days can be added up if no day of the instance is divided by buckets.
    uses_days CONSTANT boolean := extract(epoch FROM justify_hours(bucket_width)) >= 86400
        AND time_zone = (SELECT instance.time_zone FROM analytics_instance AS instance)
        AND footfall.is_of_days(filters);
BEGIN
    RETURN QUERY
        SELECT
            number.start, coalesce(sum(part.visitors), 0)::bigint, coalesce(sum(part.visits), 0)::bigint,
            coalesce(sum(part.views), 0)::bigint
        FROM unnest(starts) WITH ORDINALITY AS number (start, place)
        LEFT JOIN (
            SELECT width_bucket(known.starts_at, starts) AS place, day.visitors::bigint AS visitors, day.visits::bigint AS visits, day.views
            FROM footfall.sums_of_days('{total}', since, until, filters, true) AS day
            JOIN analytics_days AS known USING (day)
            WHERE uses_days
            UNION ALL
            SELECT visited.place, visited.visitors, visited.visits, visited.views
            FROM footfall.spans_to_count(since, until, uses_days) AS span
            CROSS JOIN footfall.visits_in_buckets(span.since, span.until, filters, starts) AS visited
        ) AS part USING (place)
        GROUP BY 1
        ORDER BY 1;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits_over_time FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits_over_time TO footfall_reader;
