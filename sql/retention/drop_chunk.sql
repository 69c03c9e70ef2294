-- Drops the chunk between these two times; returns 1, or 0 if it is already gone.
SELECT count(*) FROM drop_chunks($1::text::regclass, newer_than => $2::timestamptz, older_than => $3::timestamptz)
