-- Adds up the sums of a period's parts, which are `of_days` long and all have sums: see footfall.periods_to_sum. Call it as footfall.sum_day.
CREATE OR REPLACE FUNCTION footfall.sum_period(day date, days integer, of_days integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    INSERT INTO analytics_periods (day, days) VALUES ($1, $2);
    -- If the sums of one of its days are worked out anew at the same moment, one of the two transactions fails.
    UPDATE analytics_days AS known SET seconds = known.seconds WHERE known.day >= $1 AND known.day < $1 + $2;
    INSERT INTO analytics_rollup (day, days, list, site, bot, subject, property, value, visitors, visits, events, views, bounces, micros)
    SELECT $1, $2, part.list, part.site, part.bot, part.subject, part.property, part.value, sum(part.visitors), sum(part.visits), sum(part.events),
        sum(part.views), sum(part.bounces), sum(part.micros)
    FROM analytics_rollup AS part
    WHERE part.days = $3 AND part.day >= $1 AND part.day < $1 + $2 AND part.buckets IS NULL
    GROUP BY part.list, part.site, part.bot, part.subject, part.property, part.value
    ORDER BY part.list, part.value;
    INSERT INTO analytics_rollup (day, days, list, site, bot, subject, property, value, visitors, visits, events, views, bounces, micros, buckets, counts)
    SELECT $1, $2, cell.list, cell.site, cell.bot, 0, 0, cell.value, 0, 0, 0, 0, 0, 0, array_agg(cell.bucket), array_agg(cell.count::integer)
    FROM (
        SELECT held.list, held.site, held.bot, held.value, held.bucket, sum(held.count) AS count
        FROM (
            SELECT part.list, part.site, part.bot, part.value, unnest(part.buckets) AS bucket, unnest(part.counts) AS count
            FROM analytics_rollup AS part
            WHERE part.days = $3 AND part.day >= $1 AND part.day < $1 + $2 AND part.buckets IS NOT NULL
        ) AS held
        GROUP BY held.list, held.site, held.bot, held.value, held.bucket
    ) AS cell
    GROUP BY cell.list, cell.site, cell.bot, cell.value;
$$;
REVOKE EXECUTE ON FUNCTION footfall.sum_period FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.sum_period TO footfall_writer;
