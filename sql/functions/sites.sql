-- The sites with events in [since, until), including those of bots. site: null for events that name none.
CREATE OR REPLACE FUNCTION footfall.sites(since timestamptz, until timestamptz) RETURNS TABLE (site text, events bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(counts.site, ''), sum(counts.events)
    FROM footfall.event_counts($1, $2, '{"bot": "any"}') AS counts
    GROUP BY counts.site
    ORDER BY 2 DESC, 1
$$;
REVOKE EXECUTE ON FUNCTION footfall.sites FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.sites TO footfall_reader;
