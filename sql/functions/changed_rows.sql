-- The rows of footfall.visit_rows of everybody who did something since the sums of a day were worked out, as far as they begin on that
-- day: as they are, and as they were then (before). What is added to the sums as it is and taken off as it was keeps them exact without counting
-- the day again. All rows of a visitor, because one with two visits is counted once.
-- starts_at, ends_at, summed_until: see footfall.summed_days.
CREATE OR REPLACE FUNCTION footfall.changed_rows(starts_at timestamptz, ends_at timestamptz, summed_until timestamptz)
RETURNS TABLE (before boolean, first_at timestamptz, last_at timestamptz, visit_key bigint, visitor bigint, is_visit boolean, bot boolean,
    events bigint, views bigint, bounced boolean, ms double precision, did bigint[], measures bigint[], site integer,
    entry_page integer, exit_page integer, {{list attributes: @ integer}})
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    columns CONSTANT text := 'visit.first_at, visit.last_at, visit.visit_key, visit.visitor, visit.is_visit, visit.bot, visit.events, visit.views,
        visit.actions, visit.kinds, visit.measures, visit.site, visit.entry_page, visit.exit_page, {{list attributes: visit.@}}';
BEGIN
    -- EXECUTE plans for these times, which leaves out the chunks of other days.
    RETURN QUERY EXECUTE format($query$
        WITH changed AS MATERIALIZED (
            -- As it was before the first change.
            SELECT DISTINCT ON (change.visit_key, change.first_at) change.*
            FROM analytics_changes AS change
            WHERE change.first_at >= $1 AND change.first_at < $2
            ORDER BY change.visit_key, change.first_at, change.id
        ), who AS MATERIALIZED (
            SELECT changed.visitor FROM changed WHERE changed.visitor IS NOT NULL
            UNION
            SELECT visit.visitor
            FROM changed
            JOIN analytics_visits AS visit ON visit.visit_key = changed.visit_key AND visit.first_at = changed.first_at
            WHERE visit.first_at >= $1 AND visit.first_at < $2 AND visit.visitor IS NOT NULL
        )
        SELECT
            visit.before, visit.first_at, visit.last_at, visit.visit_key, CASE WHEN visit.bot THEN ~visit.visitor ELSE visit.visitor END, visit.is_visit, visit.bot, visit.events::bigint, visit.views::bigint,
            visit.views <= 1 AND visit.actions = 0,
            1000 * date_part('epoch', visit.last_at - visit.first_at),
            visit.kinds, visit.measures, visit.site, visit.entry_page, visit.exit_page, {{list attributes: visit.@}}
        FROM (
            SELECT turn.before, %1$s
            FROM who
            JOIN analytics_visits AS visit ON visit.visitor = who.visitor
            LEFT JOIN changed ON changed.visit_key = visit.visit_key AND changed.first_at = visit.first_at
            CROSS JOIN (VALUES (false), (true)) AS turn (before)
            WHERE visit.first_at >= $1 AND visit.first_at < $2 AND (NOT turn.before OR visit.first_at < $3 AND changed.visit_key IS NULL)
            UNION ALL
            SELECT false, %1$s
            FROM changed
            JOIN analytics_visits AS visit ON visit.visit_key = changed.visit_key AND visit.first_at = changed.first_at
            WHERE visit.first_at >= $1 AND visit.first_at < $2 AND visit.visitor IS NULL
            UNION ALL
            SELECT true, %1$s FROM changed AS visit WHERE visit.was_stored AND visit.first_at < $3
        ) AS visit
        $query$,
        columns)
        USING starts_at, ends_at, summed_until;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.changed_rows FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.changed_rows TO footfall_reader;
