-- The path of an absolute URL, without query and fragment, except that a fragment that is a route (#/about) is kept.
-- The sink computes page_path in the same way; this is for rows that were stored before it did.
CREATE OR REPLACE FUNCTION footfall.page_path(page_url text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(nullif(substring(page_url FROM '(?i)^https?://[^/?#]*([^?#]*)'), ''), '/')
    || coalesce(substring(page_url FROM '#/.*$'), '');
REVOKE EXECUTE ON FUNCTION footfall.page_path FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.page_path TO footfall_reader;
