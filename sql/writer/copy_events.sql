COPY analytics_events (timestamp, event_type, page_url, page_title, button_id, session_id, user_agent, metadata,
    event_id, received_at, sent_at, visitor_id, user_id, referrer, site, schema_version, flags)
FROM STDIN (FORMAT binary)
