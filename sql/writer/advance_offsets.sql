-- Moves each partition from the offset at which this consumer started to the next one to read. A row that has moved in the
-- meantime is not updated: fewer rows than partitions means that another consumer owns one of them now.
UPDATE kafka_offsets AS held
SET next_offset = moved.to_offset, updated_at = now()
FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[]) AS moved (topic, partition, from_offset, to_offset)
WHERE held.topic = moved.topic AND held.partition = moved.partition AND held.next_offset = moved.from_offset
