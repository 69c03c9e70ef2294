-- The newest events that have not been added to the visits yet, about as many as given: those of one moment come together.
SELECT event.timestamp, event.event_id, event.site, event.session_id, event.visitor_id, event.event_type, event.page_path,
    event.referrer, event.metadata, event.bot, {{list attributes: event.@}}
FROM analytics_events AS event
WHERE event.timestamp < $1::timestamptz AND event.timestamp >= $2::timestamptz AND event.created_at < $3::timestamptz
ORDER BY event.timestamp DESC
FETCH FIRST ($4::bigint) ROWS WITH TIES
