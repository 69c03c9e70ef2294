-- The bucket of a value in a histogram: 0 holds what is below 1; from there on each bucket begins at 1.02 times the one
-- before, so that its middle (footfall.bucket_middle) is within 1 % of each value in it. The same as in
-- crates/store/src/visits/measures.rs.
CREATE OR REPLACE FUNCTION footfall.histogram_bucket(value double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN $1 < 1 THEN 0 ELSE round(ln($1) / ln(1.02::double precision))::integer + 1 END
$$;
REVOKE EXECUTE ON FUNCTION footfall.histogram_bucket FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.histogram_bucket TO footfall_reader;
