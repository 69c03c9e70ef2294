-- A partition seen for the first time begins at the earliest offset that Kafka still has. No row is inserted if another
-- consumer was first.
INSERT INTO kafka_offsets (topic, partition, next_offset, fingerprint_at, fingerprint) VALUES ($1, $2, $3, $3, $4)
ON CONFLICT (topic, partition) DO NOTHING
