-- As sql/writer/add_values.sql.
INSERT INTO analytics_entries (list, subject, property, value)
SELECT wanted.list, wanted.subject, wanted.property, wanted.value
FROM unnest($1::text[], $2::integer[], $3::integer[], $4::integer[]) WITH ORDINALITY AS wanted (list, subject, property, value, place)
ORDER BY wanted.place
ON CONFLICT DO NOTHING
RETURNING id, list, subject, property, value
