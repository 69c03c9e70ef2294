-- The sites of what began in [since, until), bots included. site: null for events that name none. row_limit: rows at most, those with
-- the most events.
DROP FUNCTION IF EXISTS footfall.sites(timestamptz, timestamptz);
CREATE OR REPLACE FUNCTION footfall.sites(since timestamptz, until timestamptz, row_limit integer DEFAULT 1000)
RETURNS TABLE (site text, events bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT held.value, counted.events
    FROM footfall.sums('{site}', $1, $2, '{"bot": "any"}') AS counted
    LEFT JOIN analytics_values AS held ON held.id = counted.value
    ORDER BY 2 DESC, 1
    LIMIT $3
$$;
REVOKE EXECUTE ON FUNCTION footfall.sites FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.sites TO footfall_reader;
