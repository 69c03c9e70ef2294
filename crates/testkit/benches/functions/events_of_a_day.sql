-- The events of $2 visits that begin on the day $1, about 8 per visit, ordered by time as the sink stores them. Every 20th
-- visit continues after 45 minutes of inactivity; every 20th visitor is a bot; pages roughly follow Zipf's law.
INSERT INTO analytics_events (
    timestamp, event_type, page_url, page_title, button_id, session_id, user_agent, metadata, event_id, received_at,
    visitor_id, referrer, site, schema_version, page_path, referrer_host, channel, utm_source, utm_campaign, browser, os,
    device, language, screen, country, bot)
SELECT
    event.timestamp, event.type, 'https://' || visit.site || '.example' || event.page, 'Title of ' || event.page,
    CASE event.type WHEN 'button_click' THEN 'button-' || event.number END,
    visit.session_id, 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
    CASE event.type
        WHEN 'page_view' THEN jsonb_build_object('referrer', '', 'screen_width', 1920, 'screen_height', 1080)
        WHEN 'engagement' THEN jsonb_build_object('scroll_percent', (random() * 100)::integer, 'engaged_ms', (random() * 60000)::integer)
        WHEN 'web_vitals' THEN jsonb_build_object('lcp_ms', (random() * 5000)::integer, 'cls', random() / 2, 'ttfb_ms', (random() * 1000)::integer)
        WHEN 'outbound_click' THEN jsonb_build_object('url', 'https://other.example/' || visit.number % 300)
        WHEN 'file_download' THEN jsonb_build_object('url', 'https://shop.example/file-' || visit.number % 30 || '.pdf')
        WHEN 'form_submit' THEN jsonb_build_object('form', 'form-' || visit.number % 5)
        WHEN 'signup' THEN jsonb_build_object('plan', (ARRAY['free', 'small', 'large'])[1 + visit.number % 3], 'seats', visit.number % 10)
    END,
    gen_random_uuid(), event.timestamp + INTERVAL '40 milliseconds', visit.visitor_id,
    CASE WHEN event.number = 1 AND visit.channel <> 'direct' THEN 'https://' || visit.channel || visit.number % 200 || '.example/' END,
    visit.site, 1, event.page,
    CASE WHEN event.number = 1 AND visit.channel <> 'direct' THEN visit.channel || visit.number % 200 || '.example' END,
    CASE WHEN event.number = 1 THEN visit.channel END,
    CASE WHEN event.number = 1 AND visit.channel = 'paid' THEN 'ads-' || visit.number % 4 END,
    CASE WHEN event.number = 1 AND visit.channel = 'paid' THEN 'campaign-' || visit.number % 20 END,
    visit.browser, visit.os, visit.device, visit.language, visit.screen, visit.country, visit.number % 20 = 7
FROM (
    SELECT
        number, gen_random_uuid()::text AS session_id, gen_random_uuid() AS visitor_id,
        $1::timestamptz + random() * INTERVAL '24 hours' AS began,
        5 + 55 * random() AS seconds_apart,
        -- Many short visits, few long ones; 8 on average.
        1 + floor(21 * random() ^ 2)::integer AS events,
        (ARRAY['shop', 'shop', 'shop', 'blog'])[1 + floor(random() * 4)::integer] AS site,
        (ARRAY['direct', 'direct', 'search', 'search', 'search', 'social', 'mail', 'paid', 'referral'])[1 + floor(random() * 9)::integer] AS channel,
        (ARRAY['Chrome', 'Chrome', 'Chrome', 'Safari', 'Safari', 'Firefox', 'Edge'])[1 + floor(random() * 7)::integer] AS browser,
        (ARRAY['Windows', 'Windows', 'macOS', 'Linux', 'Android', 'iOS'])[1 + floor(random() * 6)::integer] AS os,
        (ARRAY['desktop', 'desktop', 'mobile', 'mobile', 'tablet'])[1 + floor(random() * 5)::integer] AS device,
        (ARRAY['de', 'de', 'en', 'en', 'fr', 'ne'])[1 + floor(random() * 6)::integer] AS language,
        (ARRAY['xs', 'sm', 'md', 'lg', 'xl'])[1 + floor(random() * 5)::integer] AS screen,
        (ARRAY['DE', 'DE', 'DE', 'AT', 'CH', 'FR', 'GB', 'US', 'NP', 'IN'])[1 + floor(random() * 10)::integer] AS country
    FROM generate_series(1, $2::integer) AS number
) AS visit
CROSS JOIN LATERAL (
    SELECT
        number,
        visit.began + number * visit.seconds_apart * INTERVAL '1 second'
            + CASE WHEN visit.number % 20 = 3 AND number > 4 THEN INTERVAL '45 minutes' ELSE INTERVAL '0' END AS timestamp,
        CASE
            WHEN number = 1 THEN 'page_view'
            ELSE (ARRAY['page_view', 'page_view', 'page_view', 'engagement', 'engagement', 'engagement', 'button_click', 'button_click',
                'web_vitals', 'navigation_click', 'page_unload', 'outbound_click', 'signup', 'signup', 'file_download', 'form_submit',
                'page_not_found'])[1 + floor(17 * random() ^ 1.3)::integer]
        END AS type,
        '/p/' || floor(1000 ^ random())::integer AS page
    FROM generate_series(1, visit.events) AS number
) AS event
ORDER BY event.timestamp
