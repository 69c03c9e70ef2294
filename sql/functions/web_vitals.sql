-- The web vitals that browsers reported in what began in [since, until): the 75th percentile of each metric within 1 %, for all pages together
-- (page is null; these rows come first) and for each page, with the rating of https://web.dev/articles/vitals.
-- metric: lcp_ms, inp_ms, fcp_ms, ttfb_ms (milliseconds), cls (no unit). samples: reports that contain it.
-- filters: see footfall.filter_values. row_limit: pages at most, those with the most views.
CREATE OR REPLACE FUNCTION footfall.web_vitals(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100)
RETURNS TABLE (page text, metric text, samples bigint, p75 double precision, rating text)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
#variable_conflict use_column
DECLARE
    -- -1: all pages together.
    chosen CONSTANT integer[] := ARRAY[-1] || ARRAY(
        SELECT seen.value FROM footfall.sums('{page}', since, until, filters) AS seen
        ORDER BY seen.events DESC, seen.value LIMIT row_limit);
BEGIN
    RETURN QUERY
        SELECT
            page.value, measured.name, measured.samples, measured.p75,
            CASE WHEN measured.p75 <= measured.good THEN 'good' WHEN measured.p75 <= measured.fair THEN 'needs improvement' ELSE 'poor' END
        FROM (
            SELECT
                cell.page, metric.name, metric.good, metric.fair, sum(cell.samples)::bigint AS samples,
                footfall.histogram_percentile(array_agg(cell.bucket ORDER BY cell.bucket), array_agg(cell.samples ORDER BY cell.bucket), 0.75) / metric.scale AS p75
            FROM footfall.metrics() AS metric
            JOIN footfall.histograms(ARRAY(SELECT name FROM footfall.metrics() WHERE good IS NOT NULL), since, until, filters, chosen) AS cell
                ON cell.list = metric.name
            GROUP BY cell.page, metric.name, metric.good, metric.fair, metric.scale
        ) AS measured
        LEFT JOIN analytics_values AS page ON page.id = measured.page
        ORDER BY array_position(chosen, measured.page), measured.name;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.web_vitals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.web_vitals TO footfall_reader;
