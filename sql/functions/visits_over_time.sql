-- Visitors, visits and their page views in each bucket of [since, until); a visit counts in the bucket in which it began.
-- visitors: distinct within the bucket, so buckets do not add up to a total.
-- bucket_width, time_zone: see footfall.bucket_starts. filters: see footfall.visits.
CREATE OR REPLACE FUNCTION footfall.visits_over_time(since timestamptz, until timestamptz, bucket_width interval,
    time_zone text DEFAULT 'UTC', filters jsonb DEFAULT '{}')
RETURNS TABLE (bucket timestamptz, visitors bigint, visits bigint, views bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT starts.start, coalesce(counted.visitors, 0), coalesce(counted.visits, 0), coalesce(counted.views, 0)::bigint
    FROM unnest(footfall.bucket_starts($1, $2, $3, $4)) WITH ORDINALITY AS starts (start, number)
    LEFT JOIN (
        SELECT
            width_bucket(visit.first_at, (SELECT footfall.bucket_starts($1, $2, $3, $4))) AS number,
            count(DISTINCT visit.visitor) AS visitors,
            count(*) AS visits,
            sum(visit.views) AS views
        FROM footfall.visits($1, $2, $5) AS visit
        GROUP BY 1
    ) AS counted ON counted.number = starts.number
    ORDER BY 1
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits_over_time FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits_over_time TO footfall_reader;
