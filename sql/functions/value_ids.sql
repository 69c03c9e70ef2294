-- The ids of texts in analytics_values; 0 for ''. A text that no event had has none, so nothing is chosen by it.
CREATE OR REPLACE FUNCTION footfall.value_ids(texts text[]) RETURNS integer[]
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(id), '{}')
    FROM (
        SELECT held.id
        FROM unnest($1) AS wanted (value)
        JOIN analytics_values AS held ON md5(held.value)::uuid = md5(wanted.value)::uuid
        UNION ALL
        SELECT 0 WHERE '' = ANY ($1)
    ) AS chosen
$$;
REVOKE EXECUTE ON FUNCTION footfall.value_ids FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.value_ids TO footfall_reader;
