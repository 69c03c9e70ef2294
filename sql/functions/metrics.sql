-- What pages report of themselves, with the limits of https://web.dev/articles/vitals. number: in analytics_visits.measures. scale: what a
-- value was multiplied by before it was put into a bucket.
CREATE OR REPLACE FUNCTION footfall.metrics()
RETURNS TABLE (number integer, name text, scale double precision, good double precision, fair double precision)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    VALUES
        (0, 'scroll_percent', 1::double precision, NULL::double precision, NULL::double precision),
        (1, 'engaged_ms', 1, NULL, NULL),
        (2, 'lcp_ms', 1, 2500, 4000),
        (3, 'inp_ms', 1, 200, 500),
        (4, 'cls', 10000, 0.1, 0.25),
        (5, 'fcp_ms', 1, 1800, 3000),
        (6, 'ttfb_ms', 1, 800, 1800)
$$;
REVOKE EXECUTE ON FUNCTION footfall.metrics FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.metrics TO footfall_reader;
