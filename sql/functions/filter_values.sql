-- What a key of `filters` chooses: an array of texts, or null where it chooses everything. Every read function asks this
-- one, so a filter means the same everywhere.
--
-- filters: an object; each value is a string or an array of strings, of which any one will do. An absent key and an
-- empty array choose everything. '' chooses what has no value. bot: "false" (also where it is absent) is people
-- only, "true" bots only, "any" both.
-- property: an object of the same, by the names of properties: {"property": {"plan": "large"}}; answered as their names, see
-- footfall.property_values_of.
-- A page, a page_prefix and a host may be written in any spelling, a page also as its URL (footfall.page_spelling).
-- page_prefix is answered as patterns for LIKE, bot as 'true' and 'false'.
-- Raises invalid_parameter_value for an unknown key and for a value of another type.
-- IMMUTABLE, so that constant filters are read while the query is planned, and what they do not ask for costs nothing.
CREATE OR REPLACE FUNCTION footfall.filter_values(filters jsonb, key text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    known CONSTANT text[] := ARRAY[{{list filters: '@'}}, 'property'];
    filter record;
    chosen text[];
BEGIN
    IF key <> ALL (known) THEN
        RAISE EXCEPTION 'no filter is called %', to_json(key) USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF jsonb_typeof(filters) <> 'object' THEN
        RAISE EXCEPTION 'filters: an object is needed' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR filter IN SELECT each.key AS name, each.value FROM jsonb_each(filters) AS each LOOP
        IF filter.name <> ALL (known) THEN
            RAISE EXCEPTION 'filters: unknown key %', to_json(filter.name)
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Known: ' || array_to_string(known, ', ') || '.';
        END IF;
        IF filter.name = 'property' THEN
            IF jsonb_typeof(filter.value) <> 'object' OR filter.value @? 'strict $.* ? (@.type() <> "string" && !(@.type() == "array" && @.size() > 0))'
                OR filter.value @? 'lax $.*[*] ? (@.type() <> "string")' THEN
                RAISE EXCEPTION 'filters: "property" needs an object of strings or arrays of strings' USING ERRCODE = 'invalid_parameter_value';
            END IF;
            filter.value := (SELECT coalesce(jsonb_agg(name), '[]') FROM jsonb_object_keys(filter.value) AS name);
        END IF;
        IF jsonb_typeof(filter.value) = 'string' THEN
            filter.value := jsonb_build_array(filter.value);
        ELSIF jsonb_typeof(filter.value) <> 'array'
            OR jsonb_path_exists(filter.value, 'strict $[*] ? (@.type() <> "string")') THEN
            RAISE EXCEPTION 'filters: % needs a string or an array of strings', to_json(filter.name)
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF filter.name = 'bot' AND NOT filter.value <@ '["true", "false", "any"]' THEN
            RAISE EXCEPTION 'filters: "bot" is "true", "false" or "any"' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF filter.name = key AND filter.value <> '[]' THEN
            chosen := ARRAY(SELECT jsonb_array_elements_text(filter.value));
        END IF;
    END LOOP;
    IF key = 'bot' THEN
        RETURN CASE
            WHEN chosen IS NULL THEN ARRAY['false']
            WHEN 'any' = ANY (chosen) OR chosen @> ARRAY['true', 'false'] THEN NULL
            ELSE chosen
        END;
    ELSIF key = 'page_prefix' AND chosen IS NOT NULL THEN
        RETURN ARRAY(SELECT regexp_replace(footfall.page_spelling(prefix, true), '([\\%_])', '\\\1', 'g') || '%' FROM unnest(chosen) AS prefix);
    ELSIF key IN ('page', 'entry_page', 'exit_page') AND chosen IS NOT NULL THEN
        RETURN ARRAY(SELECT footfall.page_spelling(page) FROM unnest(chosen) AS page);
    ELSIF key IN ('hostname', 'referrer_host') AND chosen IS NOT NULL THEN
        RETURN ARRAY(SELECT footfall.host_spelling(host) FROM unnest(chosen) AS host);
    END IF;
    RETURN chosen;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.filter_values FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.filter_values TO footfall_reader;
