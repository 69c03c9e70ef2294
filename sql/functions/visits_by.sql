-- footfall.visits_by_all for one dimension.
-- dimension: one of docs/fields.md; another is an error.
CREATE OR REPLACE FUNCTION footfall.visits_by(dimension text, since timestamptz, until timestamptz,
    filters jsonb DEFAULT '{}', row_limit integer DEFAULT 100)
RETURNS TABLE (value text, visitors bigint, visits bigint, views bigint, bounce_rate double precision,
    visit_seconds_mean double precision, share double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT one.value, one.visitors, one.visits, one.views, one.bounce_rate, one.visit_seconds_mean, one.share
    FROM footfall.visits_by_some(ARRAY[footfall.known_dimension($1)], $2, $3, $4, $5) AS one
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits_by FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits_by TO footfall_reader;
