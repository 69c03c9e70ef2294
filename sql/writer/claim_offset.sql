-- A partition seen for the first time begins at the earliest offset that Kafka still has.
INSERT INTO kafka_offsets (topic, partition, next_offset) VALUES ($1, $2, $3)
ON CONFLICT (topic, partition) DO NOTHING
