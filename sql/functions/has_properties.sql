-- Whether an event with this metadata has the values that the filter `property` names: see footfall.filter_values.
CREATE OR REPLACE FUNCTION footfall.has_properties(metadata jsonb, filters jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- `?` looks into an array of texts as well as at a single one.
    SELECT bool_and($1 ? wanted.name AND wanted.chosen ? coalesce(left($1 ->> wanted.name, 500), ''))
    FROM jsonb_each($2 -> 'property') AS wanted (name, chosen)
$$;
REVOKE EXECUTE ON FUNCTION footfall.has_properties FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.has_properties TO footfall_reader;
