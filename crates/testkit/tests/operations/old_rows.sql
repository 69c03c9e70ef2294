-- Rows of every table on both sides of a horizon of 10 days: one just before it, one exactly at it, and one for every other
-- day around it.
CREATE TABLE moments AS
SELECT horizon AS at FROM (SELECT date_trunc('day', now(), 'UTC') - INTERVAL '240 hours') AS kept (horizon)
UNION ALL SELECT horizon - INTERVAL '1 microsecond' FROM (SELECT date_trunc('day', now(), 'UTC') - INTERVAL '240 hours') AS kept (horizon)
UNION ALL SELECT date_trunc('day', now(), 'UTC') - day * INTERVAL '24 hours' + INTERVAL '7 hours' FROM generate_series(1, 19, 2) AS day;

INSERT INTO analytics_events (timestamp, event_type, page_url, session_id, event_id, received_at, schema_version, page_path)
SELECT at, 'old', 'https://a.b/', 'old', gen_random_uuid(), at, 1, '/' FROM moments;
INSERT INTO analytics_visits (first_at, visit_key, last_active_at, last_at, visitor, first_id, last_id, events, views, actions, is_visit,
    bot, kinds)
SELECT timestamp, -1, timestamp, timestamp, -1, event_id, event_id, 1, 0, 1, true, false, '{}' FROM analytics_events WHERE session_id = 'old';
INSERT INTO analytics_changes (first_at, visit_key, was_stored) SELECT at, -1, false FROM moments;
INSERT INTO analytics_summary_parts (time_bucket, event_type, page_url, kafka_partition, event_count)
SELECT date_trunc('minute', at), 'old', 'https://a.b/', 9, 1 FROM moments;
INSERT INTO analytics_outcomes_parts
SELECT date_trunc('minute', at), 'old', 'stored', '', 9, 1 FROM moments;
INSERT INTO analytics_quarantine
SELECT 'old', 9, 1, at, 'r', 'f', 'm', 'p' FROM moments;
INSERT INTO analytics_ledger SELECT gen_random_uuid(), at FROM moments;
INSERT INTO pipeline_samples SELECT at, 'old', at, '{}' FROM moments;
