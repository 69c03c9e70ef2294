-- The values of a property that the filter `property` names: see footfall.filter_values.
CREATE OR REPLACE FUNCTION footfall.property_values_of(filters jsonb, name text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(value)
    FROM jsonb_array_elements_text(
        CASE jsonb_typeof($1 -> 'property' -> $2)
            WHEN 'array' THEN $1 -> 'property' -> $2
            ELSE jsonb_build_array($1 -> 'property' -> $2)
        END) AS chosen (value)
$$;
REVOKE EXECUTE ON FUNCTION footfall.property_values_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.property_values_of TO footfall_reader;
