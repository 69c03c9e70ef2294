SELECT held.id, held.list, held.subject, held.property, held.value
FROM unnest($1::text[], $2::integer[], $3::integer[], $4::integer[]) AS wanted (list, subject, property, value)
JOIN analytics_entries AS held USING (list, subject, property, value)
