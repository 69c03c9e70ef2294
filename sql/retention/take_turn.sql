-- Retention and backup exclude each other: pg_dump fails if a chunk that it has listed disappears, and its lock on each
-- chunk would make every DROP wait. The lock is held until the connection ends; acquiring it waits up to lock_timeout.
SELECT pg_advisory_lock($1)
