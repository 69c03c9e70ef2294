-- As sql/writer/add_values.sql. entries: each an array, written as text, because unnest would flatten arrays of arrays.
INSERT INTO analytics_kinds (event_type, page, detail, entries, own_entry)
SELECT wanted.event_type, wanted.page, wanted.detail, wanted.entries::integer[], wanted.own_entry
FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::text[], $5::integer[])
    WITH ORDINALITY AS wanted (event_type, page, detail, entries, own_entry, place)
ORDER BY wanted.place
ON CONFLICT DO NOTHING
RETURNING id, event_type, page, detail
