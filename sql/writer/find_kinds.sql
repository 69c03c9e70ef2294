SELECT held.id, held.event_type, held.page, held.detail
FROM unnest($1::integer[], $2::integer[], $3::integer[]) AS wanted (event_type, page, detail)
JOIN analytics_kinds AS held USING (event_type, page, detail)
