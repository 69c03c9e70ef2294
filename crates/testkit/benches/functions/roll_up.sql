-- The roll-ups that the sink would have kept for these rows. The Kafka partition does not matter here.
INSERT INTO analytics_visit_parts (
    half_hour, site, visit_key, first_at, first_id, last_at, last_id, events, views, actions, bot, visitor_id, exit_page,
    entry_page, {{list attributes: @}}, kafka_partition)
SELECT cell.*, 0
FROM footfall.visit_cells_of_events('2000-01-01', '2100-01-01') AS cell
-- Ordered by time too.
ORDER BY cell.half_hour, cell.first_at;

INSERT INTO analytics_summary_parts (time_bucket, event_type, page_url, site, bot, kafka_partition, event_count)
SELECT date_trunc('minute', timestamp), event_type, page_url, coalesce(site, ''), bot, 0, count(*)
FROM analytics_events
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1;
