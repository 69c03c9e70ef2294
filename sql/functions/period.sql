-- The range of a named period, the range to compare it with, and a suitable width of buckets.
-- name: realtime (the last 30 minutes), 24h, today, yesterday, 7d and 30d (including today), month, year; any other is an
-- error. time_zone: determines the beginning of a day (footfall.day_start). at: now.
-- A period that is not over ends with the next whole minute, because roll-ups are by minute, but never after the day. A
-- client's clock may be 2 s ahead without being corrected, and its events are included too. A current day, month or year is
-- compared with the previous one up to the same date and minute.
-- Call this first and pass its result on as values: if a range comes from a subquery, PostgreSQL cannot exclude chunks
-- when planning.
CREATE OR REPLACE FUNCTION footfall.period(name text, time_zone text DEFAULT 'UTC', at timestamptz DEFAULT now())
RETURNS TABLE (since timestamptz, until timestamptz, previous_since timestamptz, previous_until timestamptz,
    bucket_width interval)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    -- Ingest's default limits.clock_offset_ms_min.
    clock_offset CONSTANT interval := INTERVAL '2 seconds';
    local CONSTANT timestamp := at AT TIME ZONE time_zone;
    today date := local;
    first date;
    back interval;
BEGIN
    -- A clock that is put back over midnight shows the day before again.
    IF footfall.day_start(today + 1, time_zone) <= at THEN
        today := today + 1;
    END IF;
    until := date_trunc('minute', at + clock_offset, 'UTC') + INTERVAL '1 minute';
    CASE name
        WHEN 'realtime', '24h' THEN
            back := CASE name WHEN 'realtime' THEN INTERVAL '30 minutes' ELSE INTERVAL '24 hours' END;
            since := until - back;
            previous_since := since - back;
            previous_until := since;
            bucket_width := CASE name WHEN 'realtime' THEN INTERVAL '1 minute' ELSE INTERVAL '1 hour' END;
            RETURN NEXT;
            RETURN;
        WHEN 'yesterday' THEN
            since := footfall.day_start(today - 1, time_zone);
            until := footfall.day_start(today, time_zone);
            previous_since := footfall.day_start(today - 2, time_zone);
            previous_until := since;
            bucket_width := INTERVAL '1 hour';
            RETURN NEXT;
            RETURN;
        WHEN 'today' THEN first := today; back := INTERVAL '1 day'; bucket_width := INTERVAL '1 hour';
        WHEN '7d' THEN first := today - 6; back := INTERVAL '7 days'; bucket_width := INTERVAL '1 day';
        WHEN '30d' THEN first := today - 29; back := INTERVAL '30 days'; bucket_width := INTERVAL '1 day';
        WHEN 'month' THEN
            first := date_trunc('month', today::timestamp);
            back := INTERVAL '1 month';
            bucket_width := INTERVAL '1 day';
        WHEN 'year' THEN
            first := date_trunc('year', today::timestamp);
            back := INTERVAL '1 year';
            bucket_width := INTERVAL '1 month';
        ELSE RAISE EXCEPTION 'unknown period: %', to_json(name) USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Known: realtime, 24h, today, yesterday, 7d, 30d, month, year.';
    END CASE;
    since := footfall.day_start(first, time_zone);
    until := least(until, footfall.day_start(today + 1, time_zone));
    previous_since := footfall.day_start((first - back)::date, time_zone);
    previous_until := date_trunc('minute', (local - back) AT TIME ZONE time_zone + clock_offset, 'UTC') + INTERVAL '1 minute';
    previous_until := least(previous_until, footfall.day_start((local - back)::date + 1, time_zone), since);
    previous_until := greatest(previous_since, previous_until);
    RETURN NEXT;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.period FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.period TO footfall_reader;
