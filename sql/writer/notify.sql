-- Listeners hear it when the transaction commits, and only then.
SELECT pg_notify('footfall_events', json_build_object('events', $1::bigint)::text)
