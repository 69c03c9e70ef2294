-- How many steps of a funnel one visit did in order: fed with the number of the step that each event matches, by time.
-- An event that matches several is fed with the last of them first, so that it does one of them only.
CREATE OR REPLACE AGGREGATE footfall.steps_done(integer) (
    SFUNC = footfall.next_step,
    STYPE = integer,
    INITCOND = '0',
    PARALLEL = SAFE
);
REVOKE EXECUTE ON FUNCTION footfall.steps_done FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.steps_done TO footfall_reader;
