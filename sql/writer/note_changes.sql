-- What these visits are before they are changed. $3, $4: the first and the last moment at which one of them begins.
INSERT INTO analytics_changes (first_at, visit_key, was_stored, last_at, visitor, events, views, actions, is_visit, bot, kinds, measures,
    site, entry_page, exit_page, {{list attributes: @}})
SELECT changing.first_at, changing.visit_key, held.visit_key IS NOT NULL, held.last_at, held.visitor, held.events, held.views, held.actions,
    held.is_visit, held.bot, held.kinds, held.measures, held.site, held.entry_page, held.exit_page, {{list attributes: held.@}}
FROM unnest($1::bigint[], $2::timestamptz[]) AS changing (visit_key, first_at)
LEFT JOIN analytics_visits AS held
    ON held.visit_key = changing.visit_key AND held.first_at = changing.first_at
        AND held.first_at >= $3::timestamptz AND held.first_at <= $4::timestamptz
