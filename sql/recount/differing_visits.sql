-- The rows of analytics_visits in [$1, $2) that are stored and were not counted, and the other way round.
-- Where a visit without an end is cut depends on the order in which its events arrived, so such keys are left out. Rows without a
-- visitor are compared by the minute: which events of a minute they hold together depends on the order, too.
WITH endless AS (
    SELECT visit_key FROM public.analytics_visits
    WHERE first_at >= $1::timestamptz - INTERVAL '24 hours' AND first_at < $2::timestamptz + INTERVAL '24 hours'
        AND (last_active_at - first_at > INTERVAL '11 hours 30 minutes' OR events > 9000)
    UNION
    SELECT visit_key FROM pg_temp.analytics_visits
    WHERE last_active_at - first_at > INTERVAL '11 hours 30 minutes' OR events > 9000
), held AS (
    SELECT 'stored' AS side, visit.* FROM public.analytics_visits AS visit WHERE visit.first_at >= $1::timestamptz AND visit.first_at < $2::timestamptz
    UNION ALL
    SELECT 'counted', visit.* FROM pg_temp.analytics_visits AS visit WHERE visit.first_at >= $1::timestamptz AND visit.first_at < $2::timestamptz
), loose AS (
    SELECT side, date_trunc('minute', first_at) AS minute, site, bot, entry_page, exit_page, {{list attributes: @}},
        'events' AS what, done >> 32 AS of, sum(done & 4294967295) AS number
    FROM held CROSS JOIN unnest(kinds) AS done
    WHERE visitor IS NULL
    GROUP BY side, minute, site, bot, entry_page, exit_page, {{list attributes: @}}, of
    UNION ALL
    SELECT side, date_trunc('minute', first_at) AS minute, site, bot, entry_page, exit_page, {{list attributes: @}},
        'measures', measure >> 28 AS of, CASE WHEN measure >> 28 & 15 = 0 THEN max(measure & 268435455) ELSE sum(measure & 268435455) END
    FROM held CROSS JOIN unnest(measures) AS measure
    WHERE visitor IS NULL
    GROUP BY side, minute, site, bot, entry_page, exit_page, {{list attributes: @}}, of
), differing (side, content) AS (
    SELECT side, to_jsonb(visit) - 'side'
    FROM (
        SELECT *, count(*) OVER (PARTITION BY visit_key, first_at, last_active_at, last_at, visitor, first_id, last_id, events, views, actions,
            is_visit, bot, kinds, measures, site, entry_page, exit_page, {{list attributes: @}}) AS sides
        FROM held
        WHERE visitor IS NOT NULL AND visit_key NOT IN (TABLE endless)
    ) AS visit
    WHERE sides <> 2
    UNION ALL
    SELECT side, to_jsonb(part) - 'side'
    FROM (
        SELECT *, count(*) OVER (PARTITION BY minute, site, bot, entry_page, exit_page, {{list attributes: @}}, what, of, number) AS sides
        FROM loose
    ) AS part
    WHERE sides <> 2
)
SELECT
    (SELECT count(*) FROM held WHERE side = 'stored'),
    (SELECT count(*) FROM differing),
    ARRAY(SELECT format('%s: %s', side, content - 'sides') FROM differing ORDER BY content -> 'first_at', side LIMIT $3::bigint)
