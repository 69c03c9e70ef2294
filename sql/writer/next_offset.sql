SELECT next_offset FROM kafka_offsets WHERE topic = $1 AND partition = $2
