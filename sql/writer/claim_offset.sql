-- A partition met for the first time begins where Kafka's copy of it begins.
INSERT INTO kafka_offsets (topic, partition, next_offset) VALUES ($1, $2, $3)
ON CONFLICT (topic, partition) DO NOTHING
