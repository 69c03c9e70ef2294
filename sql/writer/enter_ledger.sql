-- Returns the ids that were new. The input is sorted, so that two sinks cannot deadlock.
INSERT INTO analytics_ledger (event_id, received_at)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[])
ON CONFLICT (event_id) DO NOTHING
RETURNING event_id
