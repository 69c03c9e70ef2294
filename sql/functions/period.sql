-- The range of a named period, the range to compare it with, and a suitable width of buckets.
-- name: realtime (the last 30 minutes), 24h, today, yesterday, 7d and 30d (including today), month, year; any other is an
-- error. time_zone: determines midnight. at: now. A current day, month or year ends now, and is compared with the previous
-- one up to the same date and wall-clock time.
-- Call this first and pass its result on as values: if a range comes from a subquery, PostgreSQL cannot exclude chunks
-- when planning.
CREATE OR REPLACE FUNCTION footfall.period(name text, time_zone text DEFAULT 'UTC', at timestamptz DEFAULT now())
RETURNS TABLE (since timestamptz, until timestamptz, previous_since timestamptz, previous_until timestamptz,
    bucket_width interval)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    local CONSTANT timestamp := at AT TIME ZONE time_zone;
    today CONSTANT timestamp := date_trunc('day', local);
    first timestamp;
    back interval;
BEGIN
    until := at;
    CASE name
        WHEN 'realtime', '24h' THEN
            back := CASE name WHEN 'realtime' THEN INTERVAL '30 minutes' ELSE INTERVAL '24 hours' END;
            since := at - back;
            previous_since := since - back;
            previous_until := since;
            bucket_width := CASE name WHEN 'realtime' THEN INTERVAL '1 minute' ELSE INTERVAL '1 hour' END;
            RETURN NEXT;
            RETURN;
        WHEN 'yesterday' THEN
            since := (today - INTERVAL '1 day') AT TIME ZONE time_zone;
            until := today AT TIME ZONE time_zone;
            previous_since := (today - INTERVAL '2 days') AT TIME ZONE time_zone;
            previous_until := since;
            bucket_width := INTERVAL '1 hour';
            RETURN NEXT;
            RETURN;
        WHEN 'today' THEN first := today; back := INTERVAL '1 day'; bucket_width := INTERVAL '1 hour';
        WHEN '7d' THEN first := today - INTERVAL '6 days'; back := INTERVAL '7 days'; bucket_width := INTERVAL '1 day';
        WHEN '30d' THEN first := today - INTERVAL '29 days'; back := INTERVAL '30 days'; bucket_width := INTERVAL '1 day';
        WHEN 'month' THEN first := date_trunc('month', local); back := INTERVAL '1 month'; bucket_width := INTERVAL '1 day';
        WHEN 'year' THEN first := date_trunc('year', local); back := INTERVAL '1 year'; bucket_width := INTERVAL '1 month';
        ELSE RAISE EXCEPTION 'unknown period: %', to_json(name) USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Known: realtime, 24h, today, yesterday, 7d, 30d, month, year.';
    END CASE;
    since := first AT TIME ZONE time_zone;
    previous_since := (first - back) AT TIME ZONE time_zone;
    previous_until := (local - back) AT TIME ZONE time_zone;
    RETURN NEXT;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.period FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.period TO footfall_reader;
