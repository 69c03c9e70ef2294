-- What has to be added to the sums of a day in analytics_rollup for what has changed since they were worked out, for these lists; also negative numbers.
-- starts_at, ends_at, summed_until: see footfall.summed_days.
CREATE OR REPLACE FUNCTION footfall.changes_of_day(lists text[], day date, starts_at timestamptz, ends_at timestamptz, summed_until timestamptz)
RETURNS SETOF analytics_rollup
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
#variable_conflict use_column
DECLARE
    of_metrics CONSTANT text[] := ARRAY(SELECT metric.name FROM footfall.metrics() AS metric WHERE metric.name = ANY (lists));
    of_sums CONSTANT text[] := ARRAY(SELECT name FROM unnest(lists) AS name WHERE name <> ALL (of_metrics));
BEGIN
    IF of_sums <> '{}' THEN
        RETURN QUERY
            SELECT
                changes_of_day.day, 1, part.site, part.subject, part.property, part.value, part.visitors::integer, part.visits::integer,
                part.events, part.views, part.bounces::integer, part.micros, part.bot, part.list, NULL::integer[], NULL::integer[]
            FROM footfall.sums_of_visits(
                of_sums, changes_of_day.starts_at, changes_of_day.ends_at, '{"bot": "any"}', true, changes_of_day.summed_until) AS part;
    END IF;
    IF of_metrics <> '{}' THEN
        RETURN QUERY
            SELECT
                changes_of_day.day, 1, part.site, 0, 0, part.page, 0, 0, 0::bigint, 0::bigint, 0, 0::bigint, part.bot, part.list,
                array_agg(part.bucket), array_agg(part.samples::integer)
            FROM footfall.histograms_of_visits(
                of_metrics, changes_of_day.starts_at, changes_of_day.ends_at, '{"bot": "any"}', changes_of_day.summed_until) AS part
            GROUP BY part.list, part.site, part.bot, part.page;
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.changes_of_day FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.changes_of_day TO footfall_reader;
