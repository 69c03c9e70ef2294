SELECT next_offset, fingerprint, read_before FROM kafka_offsets WHERE topic = $1 AND partition = $2
