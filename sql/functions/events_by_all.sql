-- The events of what began in [since, until), in every list that they count in: for each list (and subject and property), those
-- with the most events first. visitors: distinct visitors who caused them.
-- list: event_type; page (page_view events); outbound_link and download (value: the URL); form (subject: the page); not_found (subject: the page,
-- value: the referring URL); property (subject: the event type, property: a key of metadata); property_value (also its value as text). A value is null if there is none.
-- filters: see footfall.filter_values. row_limit: rows at most, for each list, and for each property's values. lists: null for all.
CREATE OR REPLACE FUNCTION footfall.events_by_all(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100, lists text[] DEFAULT NULL)
RETURNS TABLE (list text, subject text, property text, value text, events bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT *
    FROM footfall.events_by_some(
        coalesce($5, '{event_type,page,outbound_link,download,form,not_found,property,property_value}'), $1, $2, $3, $4)
$$;
REVOKE EXECUTE ON FUNCTION footfall.events_by_all FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.events_by_all TO footfall_reader;
