-- The web vitals that browsers reported in [since, until): the 75th percentile of each metric, for all pages together
-- (page is null; these rows come first) and for each page, with the rating of https://web.dev/articles/vitals.
-- metric: lcp_ms, inp_ms, fcp_ms, ttfb_ms (milliseconds), cls (no unit). samples: reports that contain it.
-- filters: see footfall.matching_events. row_limit: pages at most, those with the most samples.
CREATE OR REPLACE FUNCTION footfall.web_vitals(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100)
RETURNS TABLE (page text, metric text, samples bigint, p75 double precision, rating text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        ranked.page, ranked.metric, ranked.samples, ranked.p75,
        CASE WHEN ranked.p75 <= ranked.good THEN 'good' WHEN ranked.p75 <= ranked.fair THEN 'needs improvement' ELSE 'poor' END
    FROM (
        SELECT measured.*, dense_rank() OVER (ORDER BY measured.of_all DESC, measured.page_samples DESC, measured.page) AS place
        FROM (
            SELECT
                event.page_path AS page, grouping(event.page_path) AS of_all, sample.metric, count(*) AS samples,
                min(sample.good) AS good, min(sample.fair) AS fair,
                max(count(*)) OVER (PARTITION BY grouping(event.page_path), event.page_path) AS page_samples,
                percentile_cont(0.75) WITHIN GROUP (ORDER BY sample.value::double precision) AS p75
            FROM footfall.matching_events($1, $2, $3) AS event
            CROSS JOIN LATERAL (VALUES
                ('lcp_ms', event.metadata -> 'lcp_ms', 2500, 4000),
                ('inp_ms', event.metadata -> 'inp_ms', 200, 500),
                ('cls', event.metadata -> 'cls', 0.1, 0.25),
                ('fcp_ms', event.metadata -> 'fcp_ms', 1800, 3000),
                ('ttfb_ms', event.metadata -> 'ttfb_ms', 800, 1800)
            ) AS sample (metric, value, good, fair)
            WHERE event.event_type = 'web_vitals' AND jsonb_typeof(sample.value) = 'number'
            GROUP BY GROUPING SETS ((event.page_path, sample.metric), (sample.metric))
            HAVING event.page_path IS NOT NULL OR grouping(event.page_path) = 1
        ) AS measured
    ) AS ranked
    WHERE ranked.of_all = 1 OR ranked.place <= $4 + 1
    ORDER BY ranked.place, ranked.metric
$$;
REVOKE EXECUTE ON FUNCTION footfall.web_vitals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.web_vitals TO footfall_reader;
