-- The beginning of the range that ends at `since` and is as long as [since, until) in seconds: a day on which daylight
-- saving time changes is compared with the 23 or 25 hours before it. IMMUTABLE for the same reason as footfall.rounded_up.
CREATE OR REPLACE FUNCTION footfall.as_long_before(since timestamptz, until timestamptz) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN since - make_interval(secs => date_part('epoch', until) - date_part('epoch', since));
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.as_long_before FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.as_long_before TO footfall_reader;
