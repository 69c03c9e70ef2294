INSERT INTO analytics_summary_parts AS part (time_bucket, event_type, page_url, site, bot, kafka_partition, event_count)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::integer[], $7::bigint[])
ON CONFLICT (time_bucket, event_type, md5(page_url), site, bot, kafka_partition)
DO UPDATE SET event_count = part.event_count + excluded.event_count
