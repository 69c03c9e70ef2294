-- How many steps of a funnel one visit did in order. Its input is the number of the step that each event matches, ordered
-- by time; for an event that matches several steps the last comes first, so that the event completes only one of them.
CREATE OR REPLACE AGGREGATE footfall.steps_done(integer) (
    SFUNC = footfall.next_step,
    STYPE = integer,
    INITCOND = '0',
    PARALLEL = SAFE
);
REVOKE EXECUTE ON FUNCTION footfall.steps_done FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.steps_done TO footfall_reader;
