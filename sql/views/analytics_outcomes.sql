-- What became of every event, by minute; see analytics_outcomes_parts for who counts what.
CREATE OR REPLACE VIEW analytics_outcomes AS
SELECT time_bucket, source, outcome, reason, sum(event_count)::bigint AS event_count
FROM analytics_outcomes_parts
GROUP BY time_bucket, source, outcome, reason;

GRANT SELECT ON analytics_outcomes TO footfall_reader;
