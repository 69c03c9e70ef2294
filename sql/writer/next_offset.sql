SELECT next_offset, CASE WHEN fingerprint_at = next_offset THEN fingerprint END, read_before
FROM kafka_offsets WHERE topic = $1 AND partition = $2
