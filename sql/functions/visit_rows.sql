-- The rows of analytics_visits that begin in [since, until) and that `filters` choose, visits and events of no visit.
-- kinds, views: footfall.chosen_kinds(filters) and footfall.chosen_kinds(filters, 'page_view'). If they are not null, only rows with an
-- event of these kinds are chosen, and events and views count those only. They are arguments so that they are worked out once.
-- visitor: inverted for bots, as a visitor is either a person or a bot: see docs/definitions.md. ms: by date_part, as extract counts in numeric.
CREATE OR REPLACE FUNCTION footfall.visit_rows(since timestamptz, until timestamptz, filters jsonb, kinds integer[], views integer[])
RETURNS TABLE (first_at timestamptz, last_at timestamptz, visit_key bigint, visitor bigint, is_visit boolean, bot boolean,
    events bigint, views bigint, bounced boolean, ms double precision, did bigint[], measures bigint[], site integer,
    entry_page integer, exit_page integer, {{list attributes: @ integer}})
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        visit.first_at, visit.last_at, visit.visit_key, CASE WHEN visit.bot THEN ~visit.visitor ELSE visit.visitor END, visit.is_visit, visit.bot, visit.events::bigint, visit.views::bigint,
        visit.views <= 1 AND visit.actions = 0,
        1000 * date_part('epoch', visit.last_at - visit.first_at),
        visit.kinds, visit.measures, visit.site, visit.entry_page, visit.exit_page, {{list attributes: visit.@}}
    FROM footfall.visits_alone($1, $2, $3) AS visit
    WHERE $4 IS NULL
    UNION ALL
    SELECT
        visit.first_at, visit.last_at, visit.visit_key, CASE WHEN visit.bot THEN ~visit.visitor ELSE visit.visitor END, visit.is_visit, visit.bot, chosen.events, chosen.views,
        visit.views <= 1 AND visit.actions = 0,
        1000 * date_part('epoch', visit.last_at - visit.first_at),
        visit.kinds, visit.measures, visit.site, visit.entry_page, visit.exit_page, {{list attributes: visit.@}}
    FROM footfall.visits_alone($1, $2, $3) AS visit
    CROSS JOIN LATERAL (
        SELECT
            sum(kind & 4294967295)::bigint AS events,
            coalesce(sum(kind & 4294967295) FILTER (WHERE (kind >> 32)::integer = ANY ($5)), 0)::bigint AS views
        -- A function in FROM would write down its rows first.
        FROM (SELECT unnest(visit.kinds) AS kind OFFSET 0) AS did
        WHERE (kind >> 32)::integer = ANY ($4)
        HAVING count(*) > 0
    ) AS chosen
    WHERE $4 IS NOT NULL
$$;
REVOKE EXECUTE ON FUNCTION footfall.visit_rows FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.visit_rows TO footfall_reader;
