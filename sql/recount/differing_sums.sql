-- The sums of a day that are stored and not those of its visits, and the other way round.
WITH stored AS (
    SELECT part.list, part.site, part.bot, part.subject, part.property, part.value, part.visitors, part.visits, part.events, part.views,
        part.bounces, part.micros,
        (SELECT array_agg(bucket::bigint << 32 | count ORDER BY bucket) FROM unnest(part.buckets, part.counts) AS histogram (bucket, count)) AS counts
    FROM public.analytics_rollup AS part
    WHERE part.day = $1::date AND part.days = 1
), counted AS (
    SELECT part.list, part.site, part.bot, part.subject, part.property, part.value, part.visitors, part.visits, part.events, part.views,
        part.bounces, part.micros,
        (SELECT array_agg(bucket::bigint << 32 | count ORDER BY bucket) FROM unnest(part.buckets, part.counts) AS histogram (bucket, count)) AS counts
    FROM pg_temp.analytics_rollup AS part
    WHERE part.day = $1::date AND part.days = 1
)
SELECT format('%s, sums %s: %s', $1::date, differing.side, differing.sums)
FROM (
    SELECT 'stored' AS side, to_jsonb(one) AS sums FROM (TABLE stored EXCEPT ALL TABLE counted) AS one
    UNION ALL
    SELECT 'counted', to_jsonb(one) FROM (TABLE counted EXCEPT ALL TABLE stored) AS one
) AS differing
-- What belongs together stands together.
ORDER BY sums ->> 'list', sums -> 'subject', sums -> 'property', sums -> 'value', sums -> 'site', sums -> 'bot', side DESC
