-- 12,000 events of three days as the version before the visits stored them, and half hours of two earlier days whose events retention
-- has removed.
INSERT INTO analytics_events (timestamp, event_type, page_url, session_id, event_id, received_at, created_at, schema_version, page_path, channel, bot, metadata)
SELECT at, (ARRAY['page_view', 'engagement', 'click', 'page_view'])[1 + number % 4], 'https://a.b/' || number % 7,
    nullif('s' || number / 7 % 60, 's13'), gen_random_uuid(), at, at, 1, '/' || number % 7, CASE WHEN number % 3 = 0 THEN 'search' END, number % 50 = 0,
    CASE WHEN number % 4 = 2 THEN '{"plan": "large"}'::jsonb WHEN number % 4 = 1 THEN '{"scroll_percent": 40, "engaged_ms": 900}' END
FROM generate_series(1, 12000) AS number
CROSS JOIN LATERAL (SELECT '2026-03-08 00:00Z'::timestamptz + number * INTERVAL '21.6 seconds') AS moment (at);

INSERT INTO analytics_visit_parts (half_hour, site, visit_key, kafka_partition, first_at, first_id, last_at, last_id, events, views, actions,
    bot, exit_page, entry_page, browser)
SELECT date_trunc('hour', at), 'b', key, 0, at, gen_random_uuid(), at + INTERVAL '20 minutes', gen_random_uuid(), 3, 2, 1, false, last, '/in', 'Firefox'
FROM (VALUES
    ('2026-03-05 10:05Z'::timestamptz, 'one', '/mid'), ('2026-03-05 11:00Z', 'one', '/later'), ('2026-03-06 23:31Z', 'two', '/out')
) AS part (at, key, last);
INSERT INTO analytics_visit_parts (half_hour, site, visit_key, kafka_partition, first_at, first_id, last_at, last_id, events, views, actions,
    bot, exit_page, entry_page, browser)
VALUES ('2026-03-05 10:30Z', 'b', 'one', 0, '2026-03-05 10:40Z', gen_random_uuid(), '2026-03-05 10:41Z', gen_random_uuid(), 2, 2, 0, false, '/end', '/mid', 'Firefox')
