-- The kinds of events (ids of analytics_kinds) that `filters` choose; null if they do not choose events.
-- event_type: if not null, only kinds of this type.
CREATE OR REPLACE FUNCTION footfall.chosen_kinds(filters jsonb, event_type text DEFAULT NULL) RETURNS integer[]
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    -- Worked out here, and not for each kind. Null chooses everything.
    types CONSTANT integer[] := CASE WHEN footfall.filters_name(filters, '{event_type}') THEN footfall.value_ids(footfall.filter_values(filters, 'event_type')) END;
    pages CONSTANT integer[] := CASE WHEN footfall.filters_name(filters, '{page}') THEN footfall.value_ids(footfall.filter_values(filters, 'page')) END;
    of_type CONSTANT integer[] := CASE WHEN $2 IS NOT NULL THEN footfall.value_ids(ARRAY[$2]) END;
    prefixes CONSTANT text[] := footfall.filter_values(filters, 'page_prefix');
    properties CONSTANT text[] := footfall.filter_values(filters, 'property');
    -- A kind has one value of each property.
    holding CONSTANT integer[] := ARRAY(
        SELECT entry.id
        FROM (
            SELECT footfall.value_ids(ARRAY[name]), footfall.value_ids(footfall.property_values_of(filters, name))
            FROM unnest(properties) AS name
            OFFSET 0
        ) AS wanted (names, chosen)
        JOIN analytics_entries AS entry
            ON entry.list = 'property_value' AND entry.property = ANY (wanted.names) AND entry.value = ANY (wanted.chosen));
BEGIN
    IF NOT footfall.filters_name(filters, '{page,page_prefix,event_type,property}') THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY(
        SELECT kind.id
        FROM analytics_kinds AS kind
        WHERE (types IS NULL OR kind.event_type = ANY (types))
            AND (of_type IS NULL OR kind.event_type = ANY (of_type))
            AND (pages IS NULL OR kind.page = ANY (pages))
            AND (prefixes IS NULL OR kind.page IN (SELECT page.id FROM analytics_values AS page WHERE page.value LIKE ANY (prefixes)))
            AND (properties IS NULL OR cardinality(properties) = (
                SELECT count(*) FROM unnest(kind.entries) AS entry WHERE entry = ANY (holding)))
    );
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.chosen_kinds FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.chosen_kinds TO footfall_reader;
