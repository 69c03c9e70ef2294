-- Answers the ids that were not known. They come sorted, so that two sinks never wait for one another in a circle.
INSERT INTO analytics_ledger (event_id, received_at)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[])
ON CONFLICT (event_id) DO NOTHING
RETURNING event_id
