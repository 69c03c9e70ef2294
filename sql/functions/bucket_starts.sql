-- The beginnings of the buckets into which [since, until) is divided, in order. The first bucket contains `since` and may
-- begin before it.
--
-- bucket_width: below one day, buckets are counted from the beginning of the day (footfall.day_start) in elapsed time, so that
-- a day has 23 or 25 buckets of an hour when daylight saving time changes; the last one of a day is shorter if the width does
-- not divide the day. Days follow the local calendar, as do several days (counted from a Monday: 7 days are a week), months
-- and years (counted from January). A width of mixed units is an error; 24 hours are a day.
-- time_zone: a name such as Europe/Berlin.
-- Raises invalid_parameter_value for such a width, an infinite range, and more than 10000 buckets.
CREATE OR REPLACE FUNCTION footfall.bucket_starts(since timestamptz, until timestamptz, bucket_width interval,
    time_zone text DEFAULT 'UTC') RETURNS timestamptz[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    buckets_max CONSTANT integer := 10000;
    width CONSTANT interval := justify_hours(bucket_width);
    months CONSTANT integer := extract(year FROM width) * 12 + extract(month FROM width);
    days CONSTANT integer := extract(day FROM width);
    rest CONSTANT interval := width - make_interval(months => months, days => days);
    monday CONSTANT date := '2001-01-01';
    first_day date := (since AT TIME ZONE time_zone)::date;
    -- One more, because a clock that is put back over midnight shows the day before again.
    last_day CONSTANT date := (until AT TIME ZONE time_zone)::date + 1;
    month integer;
    starts timestamptz[];
BEGIN
    IF since >= until OR since IS NULL OR until IS NULL THEN
        RETURN '{}';
    ELSIF NOT isfinite(since) OR NOT isfinite(until) THEN
        RAISE EXCEPTION 'since and until must be times, not infinity' USING ERRCODE = 'invalid_parameter_value';
    ELSIF months < 0 OR days < 0 OR rest < INTERVAL '0' OR (months > 0)::integer + (days > 0)::integer + (rest > INTERVAL '0')::integer <> 1 THEN
        RAISE EXCEPTION 'bucket_width: % must be a positive number of hours or shorter units, days, or months', bucket_width
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF date_part('epoch', until) - date_part('epoch', since) > buckets_max * date_part('epoch', width) THEN
        RAISE EXCEPTION 'bucket_width: % gives more than % buckets', bucket_width, buckets_max
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF months > 0 THEN
        month := extract(year FROM first_day) * 12 + extract(month FROM first_day) - 1;
        month := month - month % months;
        first_day := make_date(month / 12, month % 12 + 1, 1);
    ELSIF days > 0 THEN
        -- A modulo that is not negative for days before that Monday.
        first_day := first_day - (((first_day - monday) % days) + days) % days;
    END IF;
    IF rest = INTERVAL '0' THEN
        starts := ARRAY(
            SELECT DISTINCT footfall.day_start(day::date, time_zone)
            FROM generate_series(first_day::timestamp, last_day::timestamp, width) AS day
            ORDER BY 1);
    ELSE
        starts := ARRAY(
            SELECT start
            FROM generate_series(first_day::timestamp, last_day::timestamp, INTERVAL '1 day') AS day,
                LATERAL (
                    SELECT footfall.day_start(day::date, time_zone) AS first, footfall.day_start(day::date + 1, time_zone) AS next
                ) AS local,
                generate_series(
                    date_bin(rest, greatest(since, local.first), local.first),
                    least(local.next - INTERVAL '1 microsecond', until), rest) AS start
            ORDER BY 1);
    END IF;
    RETURN ARRAY(
        SELECT start
        FROM unnest(starts) AS start
        WHERE start < until
            AND start >= (SELECT max(earlier) FROM unnest(starts) AS earlier WHERE earlier <= since)
        ORDER BY 1);
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.bucket_starts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.bucket_starts TO footfall_reader;
