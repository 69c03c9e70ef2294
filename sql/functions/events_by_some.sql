-- footfall.events_by_all for some lists only. Of one property, site and day, the 1000 values with the most events are kept once the day is
-- closed; the rest is the value '(other)', whose visitors are the sum of theirs.
-- subject, property: if not null, only the entries of these.
CREATE OR REPLACE FUNCTION footfall.events_by_some(lists text[], since timestamptz, until timestamptz, filters jsonb, row_limit integer,
    subject text DEFAULT NULL, property text DEFAULT NULL)
RETURNS TABLE (list text, subject text, property text, value text, events bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT ranked.list, subject.value, property.value, CASE ranked.value WHEN -1 THEN '(other)' ELSE held.value END, ranked.events, ranked.visitors
    FROM (
        -- As in footfall.visits_by_some.
        SELECT
            *,
            row_number() OVER (
                PARTITION BY part.list, CASE part.list WHEN 'property_value' THEN part.subject ELSE 0 END, CASE part.list WHEN 'property_value' THEN part.property ELSE 0 END
                ORDER BY part.events DESC, part.visitors DESC, part.subject, part.property, part.value) AS place
        FROM footfall.sums($1, $2, $3, $4) AS part
        WHERE ($6 IS NULL OR part.subject = ANY ((SELECT footfall.value_ids(ARRAY[$6]))::integer[]))
            AND ($7 IS NULL OR part.property = ANY ((SELECT footfall.value_ids(ARRAY[$7]))::integer[]))
    ) AS ranked
    LEFT JOIN analytics_values AS subject ON subject.id = ranked.subject
    LEFT JOIN analytics_values AS property ON property.id = ranked.property
    LEFT JOIN analytics_values AS held ON held.id = ranked.value
    WHERE ranked.place <= $5
    ORDER BY array_position($1, ranked.list), ranked.events DESC, ranked.visitors DESC, subject.value, property.value, held.value
$$;
REVOKE EXECUTE ON FUNCTION footfall.events_by_some FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.events_by_some TO footfall_reader;
