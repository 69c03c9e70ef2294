-- The value that stands for all in a bucket: see footfall.histogram_bucket.
CREATE OR REPLACE FUNCTION footfall.bucket_middle(bucket integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN $1 = 0 THEN 0 ELSE 1.02::double precision ^ ($1 - 1) END
$$;
REVOKE EXECUTE ON FUNCTION footfall.bucket_middle FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.bucket_middle TO footfall_reader;
