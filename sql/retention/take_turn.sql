-- Removing and backing up take turns: pg_dump fails where a chunk vanishes that it has listed, and holds a lock on each
-- that would make every DROP wait. Held until the connection ends; as long as lock_timeout is waited for it.
SELECT pg_advisory_lock($1)
