-- Listeners are notified only when the transaction commits.
SELECT pg_notify('footfall_events', json_build_object('events', $1::bigint)::text)
