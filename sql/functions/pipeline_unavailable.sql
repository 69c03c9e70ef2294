-- How many requests all ingest instances answered in the minutes before `at`, how many of them with 503 (to be sent again;
-- docs/reasons.md lists the reasons), and their share, 0 to 1; null if there was no request. Accurate to the minute.
CREATE OR REPLACE FUNCTION footfall.pipeline_unavailable(minutes integer DEFAULT 5, at timestamptz DEFAULT now())
RETURNS TABLE (requests double precision, unavailable double precision, share double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT requests, unavailable, unavailable / nullif(requests, 0)
    FROM (
        SELECT coalesce(sum(increase), 0) AS requests,
            coalesce(sum(increase) FILTER (WHERE label_value = '503'), 0) AS unavailable
        FROM footfall.pipeline_increases(
            at - make_interval(mins => minutes), at, INTERVAL '1 minute', 'footfall_ingest_requests_total', 'status'
        )
    ) AS answers
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_unavailable FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_unavailable TO footfall_reader;
