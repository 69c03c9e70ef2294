-- The days that are over and whose sums are not worked out, or not of all that happened; the newest first.
CREATE OR REPLACE FUNCTION footfall.days_to_close() RETURNS TABLE (day date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT found.day
    FROM (
        SELECT changed.day, changed.starts_at, changed.ends_at FROM footfall.changed_days() AS changed
        UNION
        SELECT known.day, known.starts_at, known.ends_at FROM analytics_days AS known WHERE known.summed_until < known.ends_at
    ) AS found
    WHERE found.ends_at <= now()
        -- Closed after it is complete.
        AND NOT EXISTS (SELECT FROM analytics_backfill AS backfill WHERE backfill.reached > found.starts_at - INTERVAL '24 hours')
        AND NOT EXISTS (SELECT FROM analytics_days AS known WHERE known.day = found.day AND known.is_final)
    ORDER BY 1 DESC
$$;
REVOKE EXECUTE ON FUNCTION footfall.days_to_close FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.days_to_close TO footfall_writer, footfall_reader;
