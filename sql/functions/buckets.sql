-- The buckets into which [since, until) is divided, one row each; see footfall.bucket_starts.
CREATE OR REPLACE FUNCTION footfall.buckets(since timestamptz, until timestamptz, bucket_width interval,
    time_zone text DEFAULT 'UTC') RETURNS TABLE (bucket timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT unnest(footfall.bucket_starts($1, $2, $3, $4))
$$;
REVOKE EXECUTE ON FUNCTION footfall.buckets FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.buckets TO footfall_reader;
