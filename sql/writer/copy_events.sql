COPY analytics_events (timestamp, event_type, page_url, page_title, button_id, session_id, user_agent, metadata,
    event_id, received_at, sent_at, visitor_id, user_id, referrer, site, schema_version, flags,
    page_path, referrer_host, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content, browser, os, device,
    language, screen, country, bot)
FROM STDIN (FORMAT binary)
