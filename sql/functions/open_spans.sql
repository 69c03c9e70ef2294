-- What is left of [since, until) without the days of footfall.summed_days: it is answered from the visits.
CREATE OR REPLACE FUNCTION footfall.open_spans(since timestamptz, until timestamptz)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT lower(span), upper(span)
    FROM unnest(
        CASE WHEN $1 < $2 THEN tstzmultirange(tstzrange($1, $2)) ELSE '{}' END
        - (SELECT coalesce(range_agg(tstzrange(starts_at, ends_at)), '{}') FROM footfall.summed_days($1, $2))
    ) AS span
$$;
REVOKE EXECUTE ON FUNCTION footfall.open_spans FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.open_spans TO footfall_reader;
