-- 1, if the database answers at all: for the alert that fires if it does not.
CREATE OR REPLACE FUNCTION footfall.pipeline_answers() RETURNS TABLE (answers integer)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT 1
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_answers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_answers TO footfall_reader;
