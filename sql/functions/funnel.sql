-- How many visits that began in [since, until) did the first step, the first and then the second, and so on.
-- steps: see footfall.checked_steps. An event matches a step if it matches all that the step names: event_type and
-- button_id exactly, page_prefix as the beginning of page_path. What happens between two steps does not matter; one event
-- completes only one step. of_first, of_previous: the share (0 to 1) of the visits that did the first step, or the step
-- before; null if none did.
-- filters select visits (see footfall.visits); steps are matched against all events of these.
CREATE OR REPLACE FUNCTION footfall.funnel(since timestamptz, until timestamptz, steps jsonb, filters jsonb DEFAULT '{}')
RETURNS TABLE (step integer, name text, visits bigint, of_first double precision, of_previous double precision)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    wanted_steps CONSTANT jsonb := footfall.checked_steps(steps);
    -- As constants of the plan they are looked up by hash, and not one after the other for each event.
    kinds CONSTANT integer[] := footfall.chosen_kinds(filters);
BEGIN
    RETURN QUERY
        SELECT
            counted.number, counted.name, counted.visits,
            counted.visits / nullif(first_value(counted.visits) OVER by_number, 0)::double precision,
            counted.visits / nullif(CASE counted.number WHEN 1 THEN counted.visits ELSE lag(counted.visits) OVER by_number END, 0)::double precision
        FROM (
            SELECT wanted.number::integer, wanted.name, coalesce(sum(reached.visits), 0)::bigint AS visits
            FROM ROWS FROM (jsonb_to_recordset(wanted_steps) AS (name text)) WITH ORDINALITY AS wanted (name, number)
            LEFT JOIN (
                SELECT tried.done, count(*) AS visits
                FROM (
                    SELECT footfall.steps_done(hit.number::integer ORDER BY hit.timestamp, hit.event_id, hit.number DESC) AS done
                    FROM (
                        SELECT
                            event.timestamp, event.event_id, wanted.number,
                            hashtextextended(coalesce(event.session_id, event.visitor_id::text), hashtextextended(coalesce(event.site, ''), 0)) AS hash
                        FROM analytics_events AS event
                        JOIN ROWS FROM (
                            jsonb_to_recordset(wanted_steps) AS (event_type text, page_prefix text, button_id text)
                        ) WITH ORDINALITY AS wanted (event_type, page_prefix, button_id, number)
                            ON (wanted.event_type IS NULL OR event.event_type = wanted.event_type)
                            AND (wanted.page_prefix IS NULL OR starts_with(event.page_path, wanted.page_prefix))
                            AND (wanted.button_id IS NULL OR event.button_id = wanted.button_id)
                        -- No event is later than a day after the beginning of its visit.
                        WHERE event.timestamp >= since AND event.timestamp < until + INTERVAL '24 hours'
                        -- Events are matched with steps first, because that leaves fewer events to join than visits would.
                        OFFSET 0
                    ) AS hit
                    -- FULL keeps PostgreSQL from choosing a nested loop, as it does when it expects few rows, which would compute all
                    -- visits again for each row.
                    FULL JOIN (
                        SELECT visit.visit_key AS hash, visit.first_at, visit.last_at
                        FROM footfall.visit_rows(since, until, filters, kinds, NULL) AS visit
                        WHERE visit.is_visit
                    ) AS visit
                        ON visit.hash = hit.hash
                    WHERE coalesce(hit.timestamp >= visit.first_at AND hit.timestamp <= visit.last_at, false)
                    -- Hashes are joined and sorted faster than text. A collision matters only between visits at the same time.
                    GROUP BY visit.hash, visit.first_at
                ) AS tried
                GROUP BY tried.done
            ) AS reached ON reached.done >= wanted.number
            GROUP BY wanted.number, wanted.name
        ) AS counted
        WINDOW by_number AS (ORDER BY counted.number)
        ORDER BY 1;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.funnel FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.funnel TO footfall_reader;
