-- The events of a site and key in [$3, $4], from which its visits are counted again. $5: whether the key is a session, else a
-- visitor. What has not been added to the visits yet is left out: see analytics_backfill.
SELECT event.timestamp, event.event_id, event.site, event.session_id, event.visitor_id, event.event_type, event.page_path,
    event.referrer, event.metadata, event.bot, {{list attributes: event.@}}
FROM analytics_events AS event
WHERE event.timestamp >= $3::timestamptz AND event.timestamp <= $4::timestamptz AND coalesce(event.site, '') = $1
    AND ($5 AND event.session_id = $2 OR NOT $5 AND event.session_id IS NULL AND event.visitor_id::text = $2)
    AND NOT EXISTS (
        SELECT FROM analytics_backfill AS backfill
        WHERE event.created_at < backfill.stored_before AND event.timestamp < backfill.reached)
ORDER BY event.timestamp, event.event_id
