-- The total number of visitors of footfall.live_now, in one row.
CREATE OR REPLACE FUNCTION footfall.live_visitors(at timestamptz DEFAULT now(), filters jsonb DEFAULT '{}')
RETURNS TABLE (visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT count(*) FROM footfall.live_visits($1, $2)
$$;
REVOKE EXECUTE ON FUNCTION footfall.live_visitors FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.live_visitors TO footfall_reader;
