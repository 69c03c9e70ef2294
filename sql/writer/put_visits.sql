-- A visitor is bound to the site and to the day of the instance's time zone in which the visit began, so that visitors add up
-- over sites and days.
INSERT INTO analytics_visits (first_at, visit_key, last_active_at, last_at, visitor, first_id, last_id, events, views, actions,
    is_visit, bot, kinds, measures, site, entry_page, exit_page, {{list attributes: @}})
SELECT given.first_at, given.visit_key, given.last_active_at, given.last_at,
    coalesce(given.visitor, hashtextextended(given.who, hashtextextended(given.site_name, 0)))
        # hashint4extended((given.first_at AT TIME ZONE instance.time_zone)::date - date '2000-01-01', 0),
    given.first_id, given.last_id, given.events, given.views, given.actions, given.is_visit, given.bot, given.kinds::bigint[],
    given.measures::bigint[], given.site, given.entry_page, given.exit_page, {{list attributes: given.@}}
FROM unnest(
    $1::timestamptz[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::text[], $7::text[], $8::uuid[],
    $9::uuid[], $10::integer[], $11::integer[], $12::integer[], $13::boolean[], $14::boolean[], $15::text[], $16::text[],
    $17::integer[], $18::integer[], $19::integer[], {{list attributes: $#19::integer[]}}
) AS given (first_at, visit_key, last_active_at, last_at, visitor, who, site_name, first_id, last_id, events, views, actions,
    is_visit, bot, kinds, measures, site, entry_page, exit_page, {{list attributes: @}})
CROSS JOIN (SELECT time_zone FROM analytics_instance) AS instance
ON CONFLICT (visit_key, first_at) DO UPDATE SET
    last_active_at = excluded.last_active_at, last_at = excluded.last_at, visitor = excluded.visitor,
    first_id = excluded.first_id, last_id = excluded.last_id, events = excluded.events, views = excluded.views,
    actions = excluded.actions, is_visit = excluded.is_visit, bot = excluded.bot, kinds = excluded.kinds,
    measures = excluded.measures, site = excluded.site, entry_page = excluded.entry_page, exit_page = excluded.exit_page,
    {{list attributes: @ = excluded.@}}
