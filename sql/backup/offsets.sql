-- The offset up to which each partition is stored.
SELECT topic, partition, next_offset FROM kafka_offsets ORDER BY topic, partition
