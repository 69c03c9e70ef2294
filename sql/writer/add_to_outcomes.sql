INSERT INTO analytics_outcomes_parts AS part (time_bucket, source, outcome, reason, kafka_partition, event_count)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[])
ON CONFLICT (time_bucket, source, outcome, reason, kafka_partition)
DO UPDATE SET event_count = part.event_count + excluded.event_count
