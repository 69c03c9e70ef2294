-- The number of events of each type in each bucket of [since, until). Every type that occurs in the range has a row in
-- every bucket, with 0 if there was none.
-- bucket_width, time_zone: see footfall.bucket_starts. filters: see footfall.matching_events.
CREATE OR REPLACE FUNCTION footfall.events_over_time(since timestamptz, until timestamptz, bucket_width interval,
    time_zone text DEFAULT 'UTC', filters jsonb DEFAULT '{}')
RETURNS TABLE (bucket timestamptz, event_type text, events bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH counted AS (
        SELECT
            width_bucket(counts.at, (SELECT footfall.bucket_starts($1, $2, $3, $4))) AS number,
            counts.event_type,
            sum(counts.events) AS events
        FROM footfall.event_counts($1, $2, $5, extract(second FROM $3) = 0) AS counts
        GROUP BY 1, 2
    )
    SELECT starts.start, types.event_type, coalesce(counted.events, 0)
    FROM unnest(footfall.bucket_starts($1, $2, $3, $4)) WITH ORDINALITY AS starts (start, number)
    CROSS JOIN (SELECT DISTINCT counted.event_type FROM counted) AS types
    LEFT JOIN counted ON counted.number = starts.number AND counted.event_type = types.event_type
    ORDER BY 1, 2
$$;
REVOKE EXECUTE ON FUNCTION footfall.events_over_time FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.events_over_time TO footfall_reader;
