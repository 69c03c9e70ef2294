-- The events that visits in [$1, $2) can have, key by key: a visit lasts 12 hours at most, and reports belong to it for another 12.
SELECT event.timestamp, event.event_id, event.site, event.session_id, event.visitor_id, event.event_type, event.page_path,
    event.referrer, event.metadata, event.bot, {{list attributes: event.@}}
FROM analytics_events AS event
WHERE event.timestamp >= $1::timestamptz - INTERVAL '24 hours' AND event.timestamp < $2::timestamptz + INTERVAL '24 hours'
ORDER BY coalesce(event.site, ''), coalesce(event.session_id, event.visitor_id::text), event.timestamp, event.event_id
