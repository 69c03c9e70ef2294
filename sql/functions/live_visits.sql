-- The last visit of each visitor whose visit was in progress in the 5 minutes before `at`. Includes the 2 seconds after `at`, because ingest does not correct a
-- client's clock that is ahead by less than that.
CREATE OR REPLACE FUNCTION footfall.live_visits(at timestamptz, filters jsonb)
RETURNS TABLE (page integer)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT latest.exit_page
    FROM (
        SELECT DISTINCT ON (visit.visitor, visit.bot) visit.exit_page
        -- OFFSET keeps the kinds from being worked out for each visit. No event is later than a day after the beginning of its visit.
        FROM (SELECT footfall.chosen_kinds($2) OFFSET 0) AS chosen (kinds)
        CROSS JOIN LATERAL footfall.visit_rows($1 - INTERVAL '24 hours', $1 + INTERVAL '2 seconds', $2, chosen.kinds, '{}') AS visit
        WHERE visit.is_visit AND visit.last_at >= $1 - INTERVAL '5 minutes'
        ORDER BY visit.visitor, visit.bot, visit.last_at DESC, visit.first_at DESC
    ) AS latest
$$;
REVOKE EXECUTE ON FUNCTION footfall.live_visits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.live_visits TO footfall_reader;
