-- The number of events of each type in each bucket of [since, until). Every type that occurs in the range has a row in
-- every bucket, with 0 if there was none.
-- bucket_width, time_zone: see footfall.bucket_starts. filters: see footfall.matching_events. types_max: types at most, those with the
-- most events; all others together are '(other)'.
DROP FUNCTION IF EXISTS footfall.events_over_time(timestamptz, timestamptz, interval, text, jsonb);
CREATE OR REPLACE FUNCTION footfall.events_over_time(since timestamptz, until timestamptz, bucket_width interval,
    time_zone text DEFAULT 'UTC', filters jsonb DEFAULT '{}', types_max integer DEFAULT 50)
RETURNS TABLE (bucket timestamptz, event_type text, events bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH counted AS MATERIALIZED (
        SELECT
            width_bucket(counts.at, (SELECT footfall.bucket_starts($1, $2, $3, $4))) AS number,
            counts.event_type,
            sum(counts.events) AS events
        FROM footfall.event_counts($1, $2, $5, extract(second FROM $3) = 0,
            footfall.on_whole_hours($1, $2, $3, $4)) AS counts
        GROUP BY 1, 2
    ), named AS (
        SELECT counted.event_type,
            CASE WHEN row_number() OVER (ORDER BY sum(counted.events) DESC, counted.event_type) > $6 THEN '(other)' ELSE counted.event_type END AS name
        FROM counted
        GROUP BY 1
    ), shown AS (
        SELECT counted.number, named.name, sum(counted.events)::bigint AS events
        FROM counted
        JOIN named USING (event_type)
        GROUP BY 1, 2
    )
    SELECT starts.start, types.name, coalesce(shown.events, 0)
    FROM unnest(footfall.bucket_starts($1, $2, $3, $4)) WITH ORDINALITY AS starts (start, number)
    CROSS JOIN (SELECT DISTINCT named.name FROM named) AS types
    LEFT JOIN shown ON shown.number = starts.number AND shown.name = types.name
    ORDER BY 1, 2
$$;
REVOKE EXECUTE ON FUNCTION footfall.events_over_time FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.events_over_time TO footfall_reader;
