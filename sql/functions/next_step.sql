-- How many steps of a funnel are done after an event that matches `step`, which counts only if all earlier steps are done.
-- The transition function of the aggregate footfall.steps_done.
CREATE OR REPLACE FUNCTION footfall.next_step(done integer, step integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN step = done + 1 THEN step ELSE done END;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.next_step FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.next_step TO footfall_reader;
