-- Rows whose results are calculated by hand in expected.rs. Two sites: shop.example, and one whose name needs every kind of
-- quoting. All times are on 2026-03-10, UTC.
INSERT INTO analytics_events (timestamp, event_type, page_url, button_id, session_id, metadata, event_id, received_at,
    visitor_id, site, schema_version, page_path, referrer_host, channel, browser, os, device, country, bot)
SELECT at, event_type, 'http://host' || page, button, session, metadata::jsonb, md5(at::text)::uuid, at,
    md5(visitor)::uuid, site, 1, page, referrer, channel, browser, os, device, country, session IS NOT DISTINCT FROM 's5'
FROM (VALUES
    -- Before the requested range: the other visits are compared with this one.
    ('2026-03-10 09:00:00Z'::timestamptz, 'page_view', '/', NULL, 's0', 'v7', 'shop.example', NULL, 'direct', 'Chrome', 'Windows', 'desktop', 'AT', NULL),
    -- A visit of seven minutes with an action.
    ('2026-03-10 10:05:00Z', 'page_view', '/', NULL, 's1', 'v1', 'shop.example', 'google.example', 'search', 'Firefox', 'Linux', 'desktop', 'DE', NULL),
    ('2026-03-10 10:10:00Z', 'page_view', '/prices', NULL, 's1', 'v1', 'shop.example', NULL, NULL, 'Firefox', 'Linux', 'desktop', 'DE', NULL),
    ('2026-03-10 10:12:00Z', 'button_click', '/prices', 'buy', 's1', 'v1', 'shop.example', NULL, NULL, 'Firefox', 'Linux', 'desktop', 'DE', '{"page_section": "offer"}'),
    -- A bounce of five seconds.
    ('2026-03-10 10:40:00Z', 'page_view', '/', NULL, 's2', 'v2', 'shop.example', NULL, 'direct', 'Safari', 'iOS', 'mobile', 'FR', NULL),
    ('2026-03-10 10:40:05Z', 'web_vitals', '/', NULL, 's2', 'v2', 'shop.example', NULL, NULL, 'Safari', 'iOS', 'mobile', 'FR', '{"lcp_ms": 2000, "cls": 0.3}'),
    -- A bot.
    ('2026-03-10 11:00:00Z', 'page_view', '/', NULL, 's5', 'v9', 'shop.example', NULL, 'direct', 'Bot', NULL, 'desktop', 'US', NULL),
    -- An event without a visit.
    ('2026-03-10 11:15:00Z', 'signup', '/signup', NULL, NULL, NULL, 'shop.example', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    -- Two more bounces, one of them live at noon.
    ('2026-03-10 11:30:00Z', 'page_view', '/a%5Cb"c', NULL, 's4', 'v3', 'O''Brien "a\b"', 'news.example', 'referral', 'Chrome', 'Android', 'tablet', NULL, NULL),
    ('2026-03-10 11:57:00Z', 'page_view', '/it''s', NULL, 's3', 'v1', 'shop.example', NULL, 'direct', 'Firefox', 'Linux', 'desktop', 'DE', NULL)
) AS event (at, event_type, page, button, session, visitor, site, referrer, channel, browser, os, device, country, metadata);

INSERT INTO analytics_summary_parts (time_bucket, event_type, page_url, kafka_partition, event_count, site, bot)
SELECT date_trunc('minute', timestamp), event_type, page_url, 0, count(*), site, bot
FROM analytics_events GROUP BY 1, 2, 3, 6, 7;

-- Every minute from 11:00 to 13:00 is the same, except for three events that were rejected and one that could not be stored.
INSERT INTO analytics_outcomes_parts (time_bucket, source, outcome, reason, kafka_partition, event_count)
SELECT minute, source, outcome, '', 0, events
FROM generate_series('2026-03-10 11:00Z'::timestamptz, '2026-03-10 12:59Z', '1 minute') AS minute
CROSS JOIN (VALUES ('ingest', 'accepted', 10), ('sink', 'stored', 9), ('sink', 'duplicate', 1)) AS outcomes (source, outcome, events);
INSERT INTO analytics_outcomes_parts (time_bucket, source, outcome, reason, kafka_partition, event_count)
VALUES
    ('2026-03-10 11:30Z', 'ingest', 'rejected', 'url_invalid', 0, 2),
    ('2026-03-10 11:31Z', 'ingest', 'rejected', 'privacy_signal', 0, 1),
    ('2026-03-10 12:50Z', 'ingest', 'accepted', '', 1, 1),
    ('2026-03-10 12:50Z', 'sink', 'quarantined', 'line_invalid', 0, 1),
    -- Two days later, so that it is in no other range.
    ('2026-03-12 10:00Z', 'sink', 'lost', '', 0, 2);

INSERT INTO analytics_quarantine (topic, partition, kafka_offset, quarantined_at, reason, field, message, payload)
VALUES ('analytics-events', 0, 4711, '2026-03-10 12:50:10Z', 'line_invalid', 'page_url', 'is no URL', 'x');

-- A sample every 10 seconds. Ingest answers 10 requests between two samples, nine of them within 10 ms and one within
-- 100; from 12:30 on one of the ten is answered 503, and the sink falls behind on partition 0.
INSERT INTO pipeline_samples (at, source, started_at, samples)
SELECT at, 'ingest', '2026-03-10 10:00Z', jsonb_build_object(
    'footfall_build_info{name="footfall-ingest",version="0.1.0"}', 1,
    'footfall_ready', 1,
    'footfall_condition{condition="kafka"}', 1,
    'footfall_ingest_requests_total{status="200"}', 10 * n - late,
    'footfall_ingest_requests_total{status="503"}', late,
    'footfall_ingest_request_seconds_bucket{le="0.01"}', 9 * n,
    'footfall_ingest_request_seconds_bucket{le="0.1"}', 10 * n,
    'footfall_ingest_request_seconds_bucket{le="+Inf"}', 10 * n,
    'footfall_ingest_events_rejected_total{reason="url_invalid"}', n,
    'footfall_ingest_events_deferred_total{reason="queue_full"}', late,
    'footfall_ingest_queue_bytes', 4096,
    'process_resident_memory_bytes', 20000000,
    'process_cpu_seconds_total', n)
FROM (
    SELECT at, extract(epoch FROM at - '2026-03-10 10:00Z')::integer / 10 AS n,
        greatest(extract(epoch FROM at - '2026-03-10 12:30Z')::integer / 10, 0) AS late
    FROM generate_series('2026-03-10 10:50Z'::timestamptz, '2026-03-10 13:00Z', '10 seconds') AS at
) AS sample
UNION ALL
SELECT at, 'sink', started_at, jsonb_build_object(
    'footfall_build_info{name="footfall-sink",version="0.1.0"}', 1,
    'footfall_ready', 1,
    'footfall_condition{condition="kafka"}', 1,
    'footfall_sink_lag_messages{topic="analytics-events",partition="0"}', 20 * late,
    'footfall_sink_lag_messages{topic="analytics-events",partition="1"}', 3,
    'footfall_sink_batch_rows_bucket{le="10"}', n,
    'footfall_sink_batch_rows_bucket{le="+Inf"}', n,
    'footfall_sink_batch_seconds_bucket{le="0.1"}', n,
    'footfall_sink_batch_seconds_bucket{le="+Inf"}', n,
    'footfall_sink_transactions_total', n,
    'footfall_sink_resumptions_total{reason="database"}', 0,
    'process_resident_memory_bytes', 10000000,
    'process_cpu_seconds_total', n)
FROM (
    SELECT at, started_at, extract(epoch FROM at - started_at)::integer / 10 AS n,
        greatest(extract(epoch FROM at - '2026-03-10 12:30Z')::integer / 10, 0) AS late
    FROM generate_series('2026-03-10 10:50Z'::timestamptz, '2026-03-10 13:00Z', '10 seconds') AS at
    -- The sink was restarted at 11:20.
    CROSS JOIN LATERAL (SELECT CASE WHEN at < '2026-03-10 11:20Z' THEN '2026-03-10 10:00Z' ELSE '2026-03-10 11:20Z' END::timestamptz) AS process (started_at)
) AS sample;

-- From 13:00 on ingest is silent; from 13:10 on the sink too; from 13:30 to 13:40 the sink reports that Kafka does not
-- answer. The next day at noon both report.
INSERT INTO pipeline_samples (at, source, started_at, samples)
SELECT at, source, '2026-03-10 11:20Z', jsonb_build_object(
    format('footfall_build_info{name="footfall-%s",version="0.1.0"}', source), 1,
    'footfall_ready', kafka,
    'footfall_condition{condition="kafka"}', kafka
) || CASE source WHEN 'sink' THEN jsonb_build_object('footfall_sink_lag_messages{topic="analytics-events",partition="0"}', lag) ELSE '{}' END
FROM (
    SELECT at, 'sink' AS source, 1 AS kafka, 0 AS lag
    FROM generate_series('2026-03-10 13:00:10Z'::timestamptz, '2026-03-10 13:09:50Z', '10 seconds') AS at
    UNION ALL SELECT at, 'sink', 0, 7 FROM generate_series('2026-03-10 13:30Z'::timestamptz, '2026-03-10 13:39:50Z', '10 seconds') AS at
    UNION ALL SELECT '2026-03-11 11:59:50Z', source, 1, 0 FROM (VALUES ('ingest'), ('sink')) AS sources (source)
) AS sample;

ALTER ROLE footfall_writer VALID UNTIL '2026-03-20 12:00Z';
ANALYZE;
