-- An offset cannot tell two logs apart: after Kafka's data was replaced by an older copy, or a topic recreated, the same offset
-- belongs to another record. So each offset is kept with a fingerprint of the record before it.
ALTER TABLE kafka_offsets
    -- The fingerprint of the record at next_offset - 1. All zeros: nothing before next_offset has been read. Null: it was read
    -- by a version that kept no fingerprints.
    ADD COLUMN fingerprint uuid,
    -- Records written before this time may have been counted when they were read before, in a log that has been replaced.
    ADD COLUMN read_before timestamptz;
