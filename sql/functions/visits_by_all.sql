-- The visits that began in [since, until) by the values of every dimension of docs/fields.md: for each, the most frequent first.
-- value: null where it is not known; visits without a value are left out where most have none (referrer_host, utm_*).
-- share: of all visits that filters choose, those left out among them (0 to 1). The other columns: see footfall.totals.
-- row_limit: rows at most for each dimension.
CREATE OR REPLACE FUNCTION footfall.visits_by_all(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100)
RETURNS TABLE (dimension text, value text, visitors bigint, visits bigint, views bigint, bounce_rate double precision,
    visit_seconds_mean double precision, share double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM footfall.visits_by_some(ARRAY[{{list dimensions: '@'}}], $1, $2, $3, $4)
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits_by_all FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits_by_all TO footfall_reader;
