-- Converts the variables of a Grafana dashboard into the `filters` of the other functions.
-- Each argument is a variable as written in a query: ARRAY[${site:sqlstring}]::text[] for one with several values,
-- ${page_prefix:sqlstring} for a text box. No selection, an empty text, and All (whose custom value is NULL) do not filter.
-- Grafana writes a double quote in such a string as \", which PostgreSQL takes as two characters: this undoes it.
-- Immutable, so that the planner evaluates it once, to a constant.
CREATE OR REPLACE FUNCTION footfall.grafana_filters(
    site        text[],
    event_type  text[] DEFAULT NULL,
    page        text[] DEFAULT NULL,
    page_prefix text   DEFAULT NULL,
    device      text[] DEFAULT NULL
) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(jsonb_object_agg(key, chosen), '{}')
    FROM (
        SELECT key, array_agg(replace(value, '\"', '"')) AS chosen
        FROM (VALUES
            ('site', site),
            ('event_type', event_type),
            ('page', page),
            ('page_prefix', ARRAY[page_prefix]),
            ('device', device)
        ) AS variables (key, choices), unnest(choices) AS value
        WHERE value <> ''
        GROUP BY key
    ) AS filters;
END;
REVOKE EXECUTE ON FUNCTION footfall.grafana_filters FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.grafana_filters TO footfall_reader;
