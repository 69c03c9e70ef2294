-- The parts of a visit add up to the same in any order: see analytics_visit_parts.
INSERT INTO analytics_visit_parts AS part (
    half_hour, site, visit_key, kafka_partition, first_at, first_id, last_at, last_id, events, views, actions,
    bot, visitor_id, exit_page, entry_page, {{list attributes: @}})
SELECT * FROM unnest(
    $1::timestamptz[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[], $6::uuid[],
    $7::timestamptz[], $8::uuid[], $9::integer[], $10::integer[], $11::integer[], $12::boolean[], $13::uuid[],
    $14::text[], $15::text[], {{list attributes: $#15::text[]}})
ON CONFLICT (half_hour, site, visit_key, kafka_partition) DO UPDATE SET
    first_at = least(part.first_at, excluded.first_at),
    last_at = greatest(part.last_at, excluded.last_at),
    events = part.events + excluded.events,
    views = part.views + excluded.views,
    actions = part.actions + excluded.actions,
    bot = part.bot OR excluded.bot,
    visitor_id = least(part.visitor_id, excluded.visitor_id),
    last_id = CASE WHEN (excluded.last_at, excluded.last_id) > (part.last_at, part.last_id) THEN excluded.last_id ELSE part.last_id END,
    exit_page = CASE WHEN (excluded.last_at, excluded.last_id) > (part.last_at, part.last_id) THEN excluded.exit_page ELSE part.exit_page END,
    first_id = CASE WHEN (excluded.first_at, excluded.first_id) < (part.first_at, part.first_id) THEN excluded.first_id ELSE part.first_id END,
    entry_page = CASE WHEN (excluded.first_at, excluded.first_id) < (part.first_at, part.first_id) THEN excluded.entry_page ELSE part.entry_page END,
    {{list attributes: @ = CASE WHEN (excluded.first_at, excluded.first_id) < (part.first_at, part.first_id) THEN excluded.@ ELSE part.@ END}}
