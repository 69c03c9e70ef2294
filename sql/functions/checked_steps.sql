-- Returns the steps of a funnel after checking them, with each page_prefix in the spelling of footfall.page_spelling: an
-- array of up to 32 objects with name, event_type, page_prefix and button_id, all strings and optional, except that one of
-- the last three is required.
-- Raises invalid_parameter_value for anything else.
CREATE OR REPLACE FUNCTION footfall.checked_steps(steps jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    steps_max CONSTANT integer := 32;
    step jsonb;
    field record;
BEGIN
    IF jsonb_typeof(steps) IS DISTINCT FROM 'array' OR jsonb_array_length(steps) NOT BETWEEN 1 AND steps_max THEN
        RAISE EXCEPTION 'steps: must be an array of 1 to % objects', steps_max USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR step IN SELECT jsonb_array_elements(steps) LOOP
        IF jsonb_typeof(step) <> 'object' OR NOT step ?| ARRAY['event_type', 'page_prefix', 'button_id'] THEN
            RAISE EXCEPTION 'steps: % is not an object with event_type, page_prefix or button_id', step
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        FOR field IN SELECT each.key AS name, each.value FROM jsonb_each(step) AS each LOOP
            IF field.name NOT IN ('name', 'event_type', 'page_prefix', 'button_id') THEN
                RAISE EXCEPTION 'steps: unknown key %', to_json(field.name) USING ERRCODE = 'invalid_parameter_value',
                    HINT = 'Known: name, event_type, page_prefix, button_id.';
            ELSIF jsonb_typeof(field.value) <> 'string' THEN
                RAISE EXCEPTION 'steps: % must be a string', to_json(field.name) USING ERRCODE = 'invalid_parameter_value';
            END IF;
        END LOOP;
    END LOOP;
    RETURN (
        SELECT jsonb_agg(
            CASE
                WHEN each.step ? 'page_prefix'
                    THEN each.step || jsonb_build_object('page_prefix', footfall.page_spelling(each.step ->> 'page_prefix', true))
                ELSE each.step
            END ORDER BY each.place)
        FROM jsonb_array_elements(steps) WITH ORDINALITY AS each (step, place));
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.checked_steps FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.checked_steps TO footfall_reader;
