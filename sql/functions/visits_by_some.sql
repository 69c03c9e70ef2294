-- footfall.visits_by_all for some dimensions only.
CREATE OR REPLACE FUNCTION footfall.visits_by_some(dimensions text[], since timestamptz, until timestamptz, filters jsonb, row_limit integer)
RETURNS TABLE (dimension text, value text, visitors bigint, visits bigint, views bigint, bounce_rate double precision,
    visit_seconds_mean double precision, share double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        ranked.list, held.value, ranked.visitors, ranked.visits, ranked.views, ranked.bounces / ranked.visits::double precision,
        ranked.seconds / ranked.visits, ranked.visits / ranked.of_all
    FROM (
        -- Of values with the same numbers, those that came first are shown, so that only the texts of these are read.
        SELECT *, row_number() OVER (PARTITION BY listed.list ORDER BY listed.visits DESC, listed.visitors DESC, listed.value) AS place
        FROM (
            SELECT *, sum(part.visits) OVER (PARTITION BY part.list)::double precision AS of_all
            FROM footfall.sums($1, $2, $3, $4) AS part
            WHERE part.visits > 0
        ) AS listed
        WHERE listed.value <> 0 OR listed.list <> ALL (ARRAY[{{list sparse: '@'}}])
    ) AS ranked
    LEFT JOIN analytics_values AS held ON held.id = ranked.value
    WHERE ranked.place <= $5
    ORDER BY array_position($1, ranked.list), ranked.visits DESC, ranked.visitors DESC, held.value
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits_by_some FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits_by_some TO footfall_reader;
