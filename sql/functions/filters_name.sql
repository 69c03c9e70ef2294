-- Whether `filters` choose by any of these keys; see footfall.filter_values. IMMUTABLE for the same reason: the half of
-- a query that constant filters do not need is gone before it runs.
CREATE OR REPLACE FUNCTION footfall.filters_name(filters jsonb, keys text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM unnest(keys) AS key WHERE footfall.filter_values(filters, key) IS NOT NULL);
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.filters_name FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.filters_name TO footfall_reader;
