-- The visits of [since, until) by what they have in common; the most frequent first.
-- dimension: one of docs/fields.md; another is an error. value: null where it is not known; visits without a value are left
-- out where most have none (referrer_host, utm_*).
-- share: of all visits that filters choose, those left out among them (0 to 1). The other columns: see footfall.totals.
-- filters: see footfall.visits. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.visits_by(dimension text, since timestamptz, until timestamptz,
    filters jsonb DEFAULT '{}', row_limit integer DEFAULT 100)
RETURNS TABLE (value text, visitors bigint, visits bigint, views bigint, bounce_rate double precision,
    visit_seconds_median double precision, share double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT grouped.value, grouped.visitors, grouped.visits, grouped.views, grouped.bounce_rate, grouped.seconds_median, grouped.share
    FROM (
        SELECT
            visit.value,
            count(DISTINCT visit.visitor) AS visitors,
            count(*) AS visits,
            sum(visit.views)::bigint AS views,
            count(*) FILTER (WHERE visit.bounced) / count(*)::double precision AS bounce_rate,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', visit.last_at - visit.first_at)) AS seconds_median,
            count(*) / (sum(count(*)) OVER ())::double precision AS share
        FROM (
            SELECT
                visit.*,
                CASE footfall.known_dimension($1)
                    {{each dimensions: WHEN '@' THEN visit.@
                    ; site: WHEN 'site' THEN nullif(visit.site, '')
                    }}
                END AS value
            FROM footfall.visits($2, $3, $4) AS visit
        ) AS visit
        GROUP BY visit.value
    ) AS grouped
    WHERE grouped.value IS NOT NULL OR $1 <> ALL (ARRAY[{{list sparse: '@'}}])
    ORDER BY 3 DESC, 2 DESC, 1
    LIMIT $5
$$;
REVOKE EXECUTE ON FUNCTION footfall.visits_by FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visits_by TO footfall_reader;
