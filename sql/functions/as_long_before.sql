-- Where the range begins that ends at `since` and is as long as [since, until), in seconds: a day with a change of
-- daylight saving time is compared with the 23 or 25 hours before it. IMMUTABLE for the reason of footfall.rounded_up.
CREATE OR REPLACE FUNCTION footfall.as_long_before(since timestamptz, until timestamptz) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN since - make_interval(secs => date_part('epoch', until) - date_part('epoch', since));
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.as_long_before FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.as_long_before TO footfall_reader;
