-- The path of an absolute URL, without query and fragment, except that a fragment that is a route (#/about) is kept,
-- without a campaign. In the spelling of footfall.page_spelling.
-- The sink computes page_path in the same way; this is for rows that were stored before it did.
CREATE OR REPLACE FUNCTION footfall.page_path(page_url text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    path CONSTANT text := nullif(substring(page_url FROM '(?i)^https?://[^/?#\\]*([^?#]*)'), '');
    route text := coalesce(substring(page_url FROM '#!?/.*$'), '');
    query text;
BEGIN
    query := substr(route, strpos(route, '?') + 1);
    IF strpos(route, '?') > 0 THEN
        SELECT string_agg(pair, '&' ORDER BY place) INTO query
        FROM string_to_table(query, '&') WITH ORDINALITY AS pairs (pair, place),
            regexp_replace(lower(split_part(pair, '=', 1)), '^amp;', '') AS name
        WHERE NOT starts_with(name, 'utm_') AND name <> ALL (ARRAY[{{list click_ids: '@'}}]);
        route := left(route, strpos(route, '?') - 1) || coalesce('?' || query, '');
    END IF;
    RETURN footfall.page_spelling(coalesce(path, '/') || route);
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.page_path FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.page_path TO footfall_reader;
