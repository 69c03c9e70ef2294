-- The input is sorted, so that two writers cannot deadlock. What another has added meanwhile is not returned.
INSERT INTO analytics_values (value)
SELECT wanted.value FROM unnest($1::text[]) WITH ORDINALITY AS wanted (value, place) ORDER BY wanted.place
ON CONFLICT DO NOTHING
RETURNING id, value
