-- Histograms of all that began in [since, until) and that `filters` choose, by site, by bot and by page: as in analytics_rollup,
-- but worked out from the visits.
-- list: a metric (footfall.metrics) in its unit: scroll_percent and engaged_ms for each page of each visit, web vitals for each report.
-- page: an id of analytics_values, -1 for all pages together. summed_until: as in footfall.sums_of_visits.
CREATE OR REPLACE FUNCTION footfall.histograms_of_visits(lists text[], since timestamptz, until timestamptz, filters jsonb,
    summed_until timestamptz DEFAULT NULL)
RETURNS TABLE (list text, site integer, bot boolean, page integer, bucket integer, samples bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
    kinds CONSTANT integer[] := footfall.chosen_kinds(filters);
    numbers CONSTANT integer[] := ARRAY(SELECT metric.number FROM footfall.metrics() AS metric WHERE metric.name = ANY (lists));
    engaged_ms CONSTANT integer := (SELECT metric.number FROM footfall.metrics() AS metric WHERE metric.name = 'engaged_ms');
    pages integer[];
BEGIN
    -- Of a visit that is chosen by its pages, only what these reported counts.
    IF footfall.filters_name(filters, '{page,page_prefix}') THEN
        pages := ARRAY(SELECT DISTINCT kind.page FROM analytics_kinds AS kind WHERE kind.id IN (SELECT unnest(footfall.chosen_kinds(filters - '{event_type,property}'::text[]))));
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH part AS (
            SELECT in_site, bot, page, number, CASE number WHEN $7 THEN footfall.histogram_bucket(value::double precision) ELSE value END AS bucket, %2$s AS samples
            FROM (
                SELECT in_site, bot, before, (measure >> 32)::integer AS page, (measure >> 28 & 15)::integer AS number, (measure & 268435455)::integer AS value
                FROM (
                    SELECT coalesce(visit.site, 0) AS in_site, visit.bot, %3$s, unnest(visit.measures) AS measure
                    FROM %1$s AS visit
                ) AS each
            ) AS reported
            WHERE number = ANY ($5) AND ($6 IS NULL OR page = ANY ($6))
            GROUP BY 1, 2, 3, 4, 5
        )
        SELECT metric.name, in_site, bot, CASE grouping(page) WHEN 0 THEN page ELSE -1 END, bucket, sum(samples)::bigint
        FROM part
        JOIN footfall.metrics() AS metric USING (number)
        GROUP BY metric.name, in_site, bot, bucket, GROUPING SETS ((page), ())
        $query$,
        CASE WHEN summed_until IS NULL THEN 'footfall.visit_rows($1, $2, $3, $4, NULL)'
            ELSE format('footfall.changed_rows($1, $2, %L)', summed_until) END,
        CASE WHEN summed_until IS NULL THEN 'count(*)' ELSE 'sum(CASE WHEN before THEN -1 ELSE 1 END)' END,
        CASE WHEN summed_until IS NULL THEN 'false AS before' ELSE 'before' END)
        USING since, until, filters, kinds, numbers, pages, engaged_ms;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.histograms_of_visits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.histograms_of_visits TO footfall_reader;
