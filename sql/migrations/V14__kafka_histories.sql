-- An offset cannot tell two logs apart: after Kafka's data was replaced by an older copy, or a topic recreated, the same offset
-- belongs to another record. So each offset is kept with a fingerprint of the record before it.
ALTER TABLE kafka_offsets
    -- The fingerprint of the record before next_offset. All zeros: nothing before next_offset has been read.
    ADD COLUMN fingerprint uuid,
    -- The next_offset that the fingerprint belongs to. If it is another, a sink that keeps no fingerprints, or an operator, has
    -- moved the row, and the fingerprint says nothing.
    ADD COLUMN fingerprint_at bigint,
    -- Records written before this time may have been counted when they were read before, in a log that has been replaced.
    ADD COLUMN read_before timestamptz;
