-- Whether each of these buckets (footfall.bucket_starts) begins on a whole hour of UTC, which a day does not in every time zone.
-- IMMUTABLE, so that a question reads only the rows that its constants need.
CREATE OR REPLACE FUNCTION footfall.on_whole_hours(since timestamptz, until timestamptz, bucket_width interval, time_zone text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(bool_and(start = date_bin('1 hour', start, 'epoch')), true)
    FROM unnest(footfall.bucket_starts($1, $2, $3, $4)) AS start
$$;
REVOKE EXECUTE ON FUNCTION footfall.on_whole_hours FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.on_whole_hours TO footfall_reader;
