-- Two visits of the last 30 days, and one before.
INSERT INTO analytics_events (timestamp, event_type, page_url, session_id, event_id, received_at, visitor_id, site,
    schema_version, page_path, device, bot)
SELECT at, event_type, 'http://host' || page, session, gen_random_uuid(), at, md5(session)::uuid, site, 1, page, device, false
FROM (VALUES
    (now() - INTERVAL '40 days', 'old_type', '/old', 's0', 'old.example', 'tablet'),
    (now() - INTERVAL '20 days', 'page_view', '/', 's1', 'shop.example', 'desktop'),
    (now() - INTERVAL '2 hours', 'page_view', '/late', 's2', 'blog.example', 'mobile'),
    (now() - INTERVAL '2 hours', 'signup', '/late', 's2', 'blog.example', 'mobile')
) AS event (at, event_type, page, session, site, device);

INSERT INTO analytics_summary_parts (time_bucket, event_type, page_url, kafka_partition, event_count, site, bot)
SELECT date_trunc('minute', timestamp), event_type, page_url, 0, count(*), site, bot
FROM analytics_events GROUP BY 1, 2, 3, 6, 7;
