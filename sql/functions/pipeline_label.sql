-- The value of a label in a series' name: status in 'footfall_ingest_requests_total{status="200"}' is 200. label may name
-- several, separated by commas ('topic,partition'); their values are then separated by spaces. Null if the series has none
-- of them, or label is null.
CREATE OR REPLACE FUNCTION footfall.pipeline_label(series text, label text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT string_agg(substring(series FROM '[{,]' || btrim(name) || '="([^"]*)"'), ' ' ORDER BY place)
    FROM unnest(string_to_array(label, ',')) WITH ORDINALITY AS labels (name, place)
);
REVOKE EXECUTE ON FUNCTION footfall.pipeline_label FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_label TO footfall_reader;
