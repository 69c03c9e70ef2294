-- For `footfall retain`: drops the visits that began between these two times, if the sums of all their days are exact. From then on
-- these days are final: they cannot be worked out anew, so that what is stored for them later is not counted. Returns the number of
-- chunks.
CREATE OR REPLACE FUNCTION footfall.drop_visits(since timestamptz, until timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    dropped bigint;
BEGIN
    -- First, as it waits for those that are changing visits: then all their changes are seen.
    SELECT count(*) INTO dropped FROM drop_chunks('analytics_visits', newer_than => since, older_than => until);
    DELETE FROM analytics_changes AS change
    USING analytics_days AS known
    WHERE known.is_final AND known.starts_at < $2 AND known.ends_at > $1
        AND change.first_at >= known.starts_at AND change.first_at < known.ends_at;
    IF EXISTS (
        SELECT starts_at, ends_at FROM footfall.changed_days() AS changed WHERE changed.starts_at < $2 AND changed.ends_at > $1
        UNION ALL
        SELECT starts_at, ends_at FROM analytics_days AS known
        WHERE known.starts_at < $2 AND known.ends_at > $1 AND known.summed_until < known.ends_at)
    THEN
        RAISE EXCEPTION 'a day between % and % is not closed', $1, $2 USING ERRCODE = 'lock_not_available';
    END IF;
    UPDATE analytics_days AS known SET is_final = true WHERE known.starts_at < $2 AND known.ends_at > $1;
    RETURN dropped;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.drop_visits FROM PUBLIC;
