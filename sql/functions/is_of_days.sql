-- Whether sums of days (analytics_rollup) answer `filters`: these choose by site and bot at most, as the sums do not tell which visits had
-- an event of a type. IMMUTABLE as footfall.filters_name is.
CREATE OR REPLACE FUNCTION footfall.is_of_days(filters jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT footfall.is_of_sites($1) AND NOT footfall.filters_name($1, '{event_type}')
$$;
REVOKE EXECUTE ON FUNCTION footfall.is_of_days FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.is_of_days TO footfall_reader;
