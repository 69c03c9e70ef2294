-- Works out the sums of what begins on a day, before `until`, in analytics_rollup: of a day that goes on by what has changed, else all of it
-- anew. Call it in a transaction of isolation level REPEATABLE READ, one at a time; see crates/store/src/closing.rs.
CREATE OR REPLACE FUNCTION footfall.sum_day(day date, until timestamptz DEFAULT now()) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
DECLARE
    began CONSTANT timestamptz := clock_timestamp();
    summed CONSTANT date := day;
    zone CONSTANT text := (SELECT time_zone FROM analytics_instance);
    starts CONSTANT timestamptz := footfall.day_start(summed, zone);
    ends CONSTANT timestamptz := footfall.day_start(summed + 1, zone);
    reached CONSTANT timestamptz := least(ends, until);
    -- Of one property in one day that is over, this many values are kept; the rest is one row whose value is not known.
    values_max CONSTANT integer := 1000;
    lists CONSTANT text[] := '{total,hour,visit_ms,event_type,page,outbound_link,download,form,not_found,property,property_value,{{list dimensions: @}}}';
    metrics CONSTANT text[] := ARRAY(SELECT metric.name FROM footfall.metrics() AS metric);
    known record;
BEGIN
    SELECT * INTO known FROM analytics_days AS known WHERE known.day = summed;
    IF reached <= starts OR known.is_final OR known.summed_until > reached THEN
        RETURN;
    END IF;
    SELECT * INTO known FROM footfall.summed_days(starts, reached) AS known WHERE known.day = summed;
    IF reached < ends AND known.day IS NOT NULL THEN
        -- Of each row that changes, a new one.
        WITH change AS MATERIALIZED (
            SELECT list, site, bot, subject, property, value, sum(visitors) AS visitors, sum(visits) AS visits, sum(events) AS events,
                sum(views) AS views, sum(bounces) AS bounces, sum(micros) AS micros
            FROM footfall.changes_of_day(lists, summed, starts, reached, known.summed_until)
            GROUP BY list, site, bot, subject, property, value
            HAVING sum(visitors) <> 0 OR sum(visits) <> 0 OR sum(events) <> 0 OR sum(views) <> 0 OR sum(bounces) <> 0 OR sum(micros) <> 0
        ), former AS (
            DELETE FROM analytics_rollup AS held
            USING change
            WHERE held.day = summed AND held.days = 1 AND held.list = change.list AND held.site = change.site AND held.bot = change.bot
                AND held.subject = change.subject AND held.property = change.property AND held.value = change.value
            RETURNING held.list, held.site, held.bot, held.subject, held.property, held.value, held.visitors, held.visits, held.events,
                held.views, held.bounces, held.micros
        )
        INSERT INTO analytics_rollup (day, days, list, site, bot, subject, property, value, visitors, visits, events, views, bounces, micros)
        SELECT summed, 1, list, site, bot, subject, property, value, sum(visitors), sum(visits), sum(events), sum(views), sum(bounces), sum(micros)
        FROM (TABLE change UNION ALL TABLE former) AS part
        GROUP BY list, site, bot, subject, property, value
        HAVING sum(visits) > 0 OR sum(events) > 0;
        WITH change AS MATERIALIZED (
            SELECT list, site, bot, value, bucket, sum(count) AS count
            FROM (
                SELECT list, site, bot, value, unnest(buckets) AS bucket, unnest(counts) AS count
                FROM footfall.changes_of_day(metrics, summed, starts, reached, known.summed_until)
            ) AS cell
            GROUP BY list, site, bot, value, bucket
            HAVING sum(count) <> 0
        ), former AS (
            DELETE FROM analytics_rollup AS held
            USING (SELECT DISTINCT list, site, bot, value FROM change) AS change
            WHERE held.day = summed AND held.days = 1 AND held.list = change.list AND held.site = change.site AND held.bot = change.bot AND held.value = change.value
            RETURNING held.list, held.site, held.bot, held.value, held.buckets, held.counts
        )
        INSERT INTO analytics_rollup (day, days, list, site, bot, subject, property, value, visitors, visits, events, views, bounces, micros, buckets, counts)
        SELECT summed, 1, list, site, bot, 0, 0, value, 0, 0, 0, 0, 0, 0, array_agg(bucket), array_agg(count::integer)
        FROM (
            SELECT list, site, bot, value, bucket, sum(count) AS count
            FROM (
                TABLE change
                UNION ALL
                SELECT list, site, bot, value, unnest(buckets), unnest(counts) FROM former
            ) AS cell
            GROUP BY list, site, bot, value, bucket
            HAVING sum(count) > 0
        ) AS cell
        GROUP BY list, site, bot, value;
    ELSE
        PERFORM footfall.remove_periods(summed);
        DELETE FROM analytics_rollup AS held WHERE held.day = summed;
        INSERT INTO analytics_rollup (day, days, list, site, bot, subject, property, value, visitors, visits, events, views, bounces, micros)
        SELECT summed, 1, part.list, part.site, part.bot, part.subject, part.property, part.kept, sum(part.visitors), sum(part.visits), sum(part.events),
            sum(part.views), sum(part.bounces), sum(part.micros)
        FROM (
            -- -1 stands for all other values of the property.
            SELECT *,
                CASE WHEN reached = ends AND sum.list = 'property_value' AND row_number() OVER (
                    PARTITION BY sum.list, sum.site, sum.bot, sum.subject, sum.property ORDER BY sum.events DESC, sum.visitors DESC, sum.value) > values_max
                    THEN -1 ELSE sum.value END AS kept
            FROM footfall.sums_of_visits(lists, starts, reached, '{"bot": "any"}', true) AS sum
        ) AS part
        GROUP BY part.list, part.site, part.bot, part.subject, part.property, part.kept
        ORDER BY part.list, part.kept;
        INSERT INTO analytics_rollup (day, days, list, site, bot, subject, property, value, visitors, visits, events, views, bounces, micros, buckets, counts)
        SELECT summed, 1, part.list, part.site, part.bot, 0, 0, part.page, 0, 0, 0, 0, 0, 0, array_agg(part.bucket), array_agg(part.samples::integer)
        FROM footfall.histograms_of_visits(metrics, starts, reached, '{"bot": "any"}') AS part
        GROUP BY part.list, part.site, part.bot, part.page;
        -- So that each visit that begins later has a note, whichever way it came.
        DELETE FROM analytics_changes AS change WHERE change.first_at >= reached AND change.first_at < ends;
        INSERT INTO analytics_changes (first_at, visit_key, was_stored)
        SELECT visit.first_at, visit.visit_key, false FROM analytics_visits AS visit WHERE visit.first_at >= reached AND visit.first_at < ends;
    END IF;
    -- Those that this transaction sees; the sums know nothing of later ones, nor of what begins later.
    DELETE FROM analytics_changes AS change WHERE change.first_at >= starts AND change.first_at < reached;
    INSERT INTO analytics_days AS known (day, time_zone, starts_at, ends_at, summed_until, changes_max, seconds)
    SELECT summed, zone, starts, ends, reached,
        -- What has been added to other values cannot be taken off them again.
        CASE WHEN EXISTS (SELECT FROM analytics_rollup AS held WHERE held.day = summed AND held.days = 1 AND held.list = 'property_value' AND held.value = -1) THEN 0
            ELSE greatest(1000, (SELECT sum(held.visits) FROM analytics_rollup AS held WHERE held.day = summed AND held.days = 1 AND held.list = 'total') / 4) END,
        extract(epoch FROM clock_timestamp() - began)
    ON CONFLICT (day) DO UPDATE SET time_zone = excluded.time_zone, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
        summed_until = excluded.summed_until, changes_max = excluded.changes_max, summed_at = now(), seconds = excluded.seconds;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.sum_day FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.sum_day TO footfall_writer;
