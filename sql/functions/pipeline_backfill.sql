-- How far the events of earlier versions have been added to the visits, the newest first: numbers of before `reached` are not complete. No
-- row if all have been.
CREATE OR REPLACE FUNCTION footfall.pipeline_backfill()
RETURNS TABLE (reached timestamptz, oldest timestamptz, events bigint)
LANGUAGE sql STABLE AS $$
    SELECT reached, oldest, events FROM analytics_backfill
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_backfill FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_backfill TO footfall_reader;
