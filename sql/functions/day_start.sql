-- The first instant of a day in a time zone: the first whose local date is that day, or a later one if the zone skipped the
-- whole day (Pacific/Apia, 30 December 2011). So days follow each other without gap or overlap; a skipped day is empty.
-- PostgreSQL's AT TIME ZONE takes the second of two midnights (Atlantic/Azores, 25 October 2026), and if the clock was put
-- forward from 23:30 to 00:30, a moment that is half an hour late.
-- time_zone: a name such as Europe/Berlin.
-- IMMUTABLE, as AT TIME ZONE is, although newer time zone data may change the answer for a day to come.
CREATE OR REPLACE FUNCTION footfall.day_start(day date, time_zone text) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    local CONSTANT timestamp := day;
    midnight CONSTANT timestamptz := local AT TIME ZONE time_zone;
    earlier timestamptz;
    before bigint;
    after bigint;
    middle bigint;
BEGIN
    IF NOT isfinite(day) THEN
        RETURN midnight;
    END IF;
    -- The same midnight by the clock of the day before. In UTC, because a day of the session's time zone may have 23 hours.
    earlier := (
        (midnight AT TIME ZONE 'UTC') + (local - ((midnight - INTERVAL '24 hours') AT TIME ZONE time_zone)) - INTERVAL '24 hours'
    ) AT TIME ZONE 'UTC';
    IF earlier < midnight AND earlier AT TIME ZONE time_zone = local THEN
        RETURN earlier;
    ELSIF midnight AT TIME ZONE time_zone = local THEN
        RETURN midnight;
    END IF;
    -- The clock skipped midnight, within the 24 hours before this moment, at a whole second.
    after := extract(epoch FROM midnight);
    before := after - 86400;
    WHILE before + 1 < after LOOP
        middle := (before + after) / 2;
        IF (to_timestamp(middle) AT TIME ZONE time_zone)::date < day THEN
            before := middle;
        ELSE
            after := middle;
        END IF;
    END LOOP;
    RETURN to_timestamp(after);
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.day_start FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.day_start TO footfall_reader, footfall_writer;
