-- Whether `filters` choose by site, bot and event type at most: all that roll-ups know of an event. IMMUTABLE as
-- footfall.filters_name is.
CREATE OR REPLACE FUNCTION footfall.is_of_sites(filters jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT NOT footfall.filters_name($1, '{page,page_prefix,property,entry_page,exit_page,{{list attributes: @}}}')
$$;
REVOKE EXECUTE ON FUNCTION footfall.is_of_sites FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.is_of_sites TO footfall_reader;
