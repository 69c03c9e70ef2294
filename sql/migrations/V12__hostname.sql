-- The host of page_url, for a site that has several names. Null in what was stored before.
ALTER TABLE analytics_events ADD COLUMN hostname text;
ALTER TABLE analytics_visit_parts ADD COLUMN hostname text;
