-- The first multiple of `width` (of hours at most, counted as instants from 1970) that is not before `at`.
-- IMMUTABLE, so that the planner can exclude chunks outside a range. timestamptz + interval is not, because an interval may
-- contain days; this one does not.
CREATE OR REPLACE FUNCTION footfall.rounded_up(at timestamptz, width interval) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    down CONSTANT timestamptz := date_bin(width, at, 'epoch');
BEGIN
    RETURN CASE WHEN down = at THEN at ELSE down + width END;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.rounded_up FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.rounded_up TO footfall_reader;
