-- Moves each partition from the offset at which this consumer started to the next one to read. A row that has moved in the
-- meantime is not updated: fewer rows than partitions means that another consumer owns one of them now. The fingerprints are
-- compared too, because a consumer that reads another log may have reached the same offset.
UPDATE kafka_offsets AS held
SET next_offset = moved.to_offset, fingerprint_at = moved.to_offset, fingerprint = moved.to_fingerprint, updated_at = now()
FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::uuid[], $5::bigint[], $6::uuid[])
    AS moved (topic, partition, from_offset, from_fingerprint, to_offset, to_fingerprint)
WHERE held.topic = moved.topic AND held.partition = moved.partition AND held.next_offset = moved.from_offset
    AND CASE WHEN held.fingerprint_at = held.next_offset THEN held.fingerprint END
        IS NOT DISTINCT FROM moved.from_fingerprint
