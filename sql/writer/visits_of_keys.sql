-- The hash of each site and key, and the visits of it that begin in [$3, $4]: one row for each, or one without a visit.
-- The columns are read in this order: crates/store/src/visits/rows.rs.
-- The visitor without the day that it is bound to: see sql/writer/put_visits.sql.
SELECT wanted.place, wanted.hash, held.first_at, held.last_active_at, held.last_at, held.first_id, held.last_id,
    held.visitor # hashint4extended((held.first_at AT TIME ZONE instance.time_zone)::date - date '2000-01-01', 0) AS visitor,
    held.events, held.views, held.actions, held.is_visit, held.bot, held.kinds, held.measures,
    held.site, held.entry_page, held.exit_page, {{list attributes: held.@}}
FROM (
    SELECT given.place, hashtextextended(given.key, hashtextextended(given.site, 0)) AS hash
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (site, key, place)
) AS wanted
CROSS JOIN (SELECT time_zone FROM analytics_instance) AS instance
LEFT JOIN analytics_visits AS held
    ON held.visit_key = wanted.hash AND held.first_at >= $3::timestamptz AND held.first_at <= $4::timestamptz
