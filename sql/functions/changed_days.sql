-- The days on which something begins that has changed since their sums were worked out; the oldest first.
CREATE OR REPLACE FUNCTION footfall.changed_days() RETURNS TABLE (day date, starts_at timestamptz, ends_at timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    zone CONSTANT text := (SELECT time_zone FROM analytics_instance);
    moment timestamptz := (SELECT min(first_at) FROM public.analytics_changes);
BEGIN
    -- From day to day, however many changes there are.
    WHILE moment IS NOT NULL LOOP
        day := (moment AT TIME ZONE zone)::date;
        -- Where the clock was put back over midnight, a moment may be of the day after its date.
        IF footfall.day_start(day + 1, zone) <= moment THEN
            day := day + 1;
        END IF;
        starts_at := footfall.day_start(day, zone);
        ends_at := footfall.day_start(day + 1, zone);
        RETURN NEXT;
        moment := (SELECT min(first_at) FROM public.analytics_changes WHERE first_at >= ends_at);
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.changed_days FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.changed_days TO footfall_writer, footfall_reader;
