-- The number of events of all types in each bucket of [since, until), 0 if there was none.
-- bucket_width, time_zone: see footfall.bucket_starts. filters: see footfall.matching_events.
CREATE OR REPLACE FUNCTION footfall.event_totals_over_time(since timestamptz, until timestamptz, bucket_width interval,
    time_zone text DEFAULT 'UTC', filters jsonb DEFAULT '{}')
RETURNS TABLE (bucket timestamptz, events bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT starts.start, coalesce(counted.events, 0)
    FROM unnest(footfall.bucket_starts($1, $2, $3, $4)) WITH ORDINALITY AS starts (start, number)
    LEFT JOIN (
        SELECT
            width_bucket(counts.at, (SELECT footfall.bucket_starts($1, $2, $3, $4))) AS number,
            sum(counts.events) AS events
        FROM footfall.event_counts($1, $2, $5, extract(second FROM $3) = 0,
            footfall.on_whole_hours($1, $2, $3, $4)) AS counts
        GROUP BY 1
    ) AS counted ON counted.number = starts.number
    ORDER BY 1
$$;
REVOKE EXECUTE ON FUNCTION footfall.event_totals_over_time FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.event_totals_over_time TO footfall_reader;
