-- The name of a dimension that footfall.visits_by knows; another is an error. IMMUTABLE, so that the columns that a
-- constant one does not need are not read.
CREATE OR REPLACE FUNCTION footfall.known_dimension(dimension text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    known CONSTANT text[] := ARRAY[{{list dimensions: '@'}}];
BEGIN
    IF dimension = ANY (known) THEN
        RETURN dimension;
    END IF;
    RAISE EXCEPTION 'no dimension is called %', to_json(dimension)
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Known: ' || array_to_string(known, ', ') || '.';
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.known_dimension FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.known_dimension TO footfall_reader;
