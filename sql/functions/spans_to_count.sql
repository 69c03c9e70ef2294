-- The spans of [since, until) that are counted from the visits: all of it, or what its closed days leave (footfall.open_spans).
CREATE OR REPLACE FUNCTION footfall.spans_to_count(since timestamptz, until timestamptz, uses_days boolean)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT span.since, span.until FROM footfall.open_spans($1, $2) AS span WHERE $3
    UNION ALL
    SELECT $1, $2 WHERE NOT $3
$$;
REVOKE EXECUTE ON FUNCTION footfall.spans_to_count FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.spans_to_count TO footfall_reader;
