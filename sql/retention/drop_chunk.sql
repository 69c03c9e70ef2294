-- The one chunk that lies between these two; answers 1, or 0 where it is gone.
SELECT count(*) FROM drop_chunks($1::text::regclass, newer_than => $2::timestamptz, older_than => $3::timestamptz)
