SELECT held.id, held.value
FROM unnest($1::text[]) AS wanted (value)
JOIN analytics_values AS held ON md5(held.value)::uuid = md5(wanted.value)::uuid
