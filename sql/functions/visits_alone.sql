-- The rows of analytics_visits that begin in [since, until) and pass those of `filters` that choose visits; those that choose events
-- are ignored: see footfall.visit_rows.
CREATE OR REPLACE FUNCTION footfall.visits_alone(since timestamptz, until timestamptz, filters jsonb)
RETURNS SETOF analytics_visits
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT visit.*
    FROM analytics_visits AS visit
    WHERE visit.first_at >= $1 AND visit.first_at < $2
        AND (footfall.filter_values($3, 'bot') IS NULL OR visit.bot = ANY (footfall.filter_values($3, 'bot')::boolean[]))
        {{each dimensions: AND (footfall.filter_values($3, '@') IS NULL OR coalesce(visit.@, 0) = ANY ((SELECT footfall.value_ids(footfall.filter_values($3, '@')))::integer[]))
        }}
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits_alone FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits_alone TO footfall_reader;
