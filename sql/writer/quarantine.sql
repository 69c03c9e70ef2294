INSERT INTO analytics_quarantine (topic, partition, kafka_offset, reason, field, message, payload)
VALUES ($1, $2, $3, $4, $5, $6, $7)
