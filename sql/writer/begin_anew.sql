-- Moves a partition to the beginning of a log that has replaced the one it was read from. What the row counted so far was
-- written before it last moved.
UPDATE kafka_offsets
SET next_offset = $5, fingerprint_at = $5, fingerprint = $6, read_before = greatest(read_before, updated_at),
    updated_at = now()
WHERE topic = $1 AND partition = $2 AND next_offset = $3
    AND CASE WHEN fingerprint_at = next_offset THEN fingerprint END IS NOT DISTINCT FROM $4
RETURNING next_offset, fingerprint, read_before
