-- The sums of periods with some part in [$1, $2) that are not what those of their days add up to, and the other way round.
WITH period AS MATERIALIZED (
    SELECT period.day, period.days
    FROM public.analytics_periods AS period
    JOIN public.analytics_days AS known ON known.day >= period.day AND known.day < period.day + period.days
    GROUP BY 1, 2
    HAVING max(known.ends_at) > $1 AND min(known.starts_at) < $2
), part AS MATERIALIZED (
    SELECT false AS is_stored, period.day, period.days, held.*
    FROM period
    JOIN public.analytics_rollup AS held ON held.days = 1 AND held.day >= period.day AND held.day < period.day + period.days
    UNION ALL
    SELECT true, period.day, period.days, held.*
    FROM period
    JOIN public.analytics_rollup AS held ON held.days = period.days AND held.day = period.day
), sums AS (
    SELECT is_stored, day, days, list, site, bot, subject, property, value, NULL::integer AS bucket, sum(visitors) AS visitors, sum(visits) AS visits,
        sum(events) AS events, sum(views) AS views, sum(bounces) AS bounces, sum(micros) AS micros
    FROM part AS part (is_stored, day, days, part_day, part_days)
    WHERE buckets IS NULL
    GROUP BY is_stored, day, days, list, site, bot, subject, property, value
    UNION ALL
    SELECT is_stored, day, days, list, site, bot, subject, property, value, bucket, sum(count), 0, 0, 0, 0, 0
    FROM (SELECT *, unnest(buckets) AS bucket, unnest(counts) AS count FROM part AS part (is_stored, day, days, part_day, part_days)) AS cell
    GROUP BY is_stored, day, days, list, site, bot, subject, property, value, bucket
)
SELECT format('%s and the next days, %s together, sums %s: %s', day, days, CASE WHEN is_stored THEN 'stored' ELSE 'counted' END, to_jsonb(differing))
FROM (
    SELECT *, count(*) OVER (
        PARTITION BY day, days, list, site, bot, subject, property, value, bucket, visitors, visits, events, views, bounces, micros) AS sides
    FROM sums
) AS differing
WHERE sides <> 2
ORDER BY day, days, list, subject, property, value, site, bot, bucket, is_stored DESC
