-- The sums of all that began in [since, until) and that `filters` choose, by the values of `lists`: as in analytics_rollup, but worked
-- out from the visits.
-- lists: 'total', 'hour' (value: hours since Monday 0:00 in the instance's time zone), 'visit_ms' (value: the bucket of the visit's time, see
-- footfall.histogram_bucket), dimensions, and the lists of analytics_entries, whose columns are those of the events and not of
-- visits. Of visits, events are counted in 'total' and 'site' only, with those of no visit.
-- by_site: also by site and by bot; otherwise these are 0 and false.
-- summed_until: if not null, what has to be added to the sums of a day that were worked out until then, by footfall.changed_rows; filters are
-- not looked at.
CREATE OR REPLACE FUNCTION footfall.sums_of_visits(lists text[], since timestamptz, until timestamptz, filters jsonb, by_site boolean,
    summed_until timestamptz DEFAULT NULL)
RETURNS TABLE (list text, site integer, bot boolean, subject integer, property integer, value integer, visitors bigint,
    visits bigint, events bigint, views bigint, bounces bigint, micros bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
    kinds CONSTANT integer[] := footfall.chosen_kinds(filters);
    views CONSTANT integer[] := footfall.chosen_kinds(filters, 'page_view');
    zone CONSTANT text := (SELECT time_zone FROM analytics_instance);
    of_visits CONSTANT text[] := ARRAY(
        SELECT name FROM unnest(lists) AS name WHERE name = ANY ('{total,hour,visit_ms,{{list dimensions: @}}}'));
    of_events CONSTANT text[] := ARRAY(
        SELECT name FROM unnest(lists) AS name WHERE name <> ALL ('{total,hour,visit_ms,{{list dimensions: @}}}'));
    -- Those of analytics_kinds.own_entry.
    own_lists CONSTANT text[] := '{page,outbound_link,download,form,not_found}';
    -- Null: those of all lists.
    entries CONSTANT integer[] := CASE WHEN NOT of_events @> (own_lists || '{event_type,property,property_value}'::text[]) THEN
        ARRAY(SELECT entry.id FROM analytics_entries AS entry WHERE entry.list = ANY (of_events)) END;
    with_events CONSTANT text[] := ARRAY(SELECT name FROM unnest(lists) AS name WHERE name IN ('total', 'site'));
    before CONSTANT text := CASE WHEN summed_until IS NULL THEN 'false AS before' ELSE 'before' END;
    owner CONSTANT text := CASE WHEN by_site THEN 'in_site, bot' ELSE '0 AS in_site, false AS bot' END || ', ' || before;
    by_owner CONSTANT text := CASE WHEN by_site THEN 'in_site, bot, ' ELSE '' END || CASE WHEN summed_until IS NULL THEN '' ELSE 'before, ' END;
    sign CONSTANT text := CASE WHEN summed_until IS NULL THEN '' ELSE 'CASE WHEN before THEN -1 ELSE 1 END * ' END;
    changed_rows CONSTANT text := format('footfall.changed_rows($1, $2, %L)', summed_until);
BEGIN
    IF of_visits <> '{}' THEN
        -- Visits are counted by hashing. DISTINCT would sort all of them once for each list, so only the visits of visitors with several
        -- are looked at again, and what they counted too often is taken off. Whole microseconds add up to the same in any order. The
        -- columns that count are kept, as choosing visits by what they did costs more than writing down the chosen ones.
        RETURN QUERY EXECUTE format($query$
            WITH part AS MATERIALIZED (
                SELECT
                    coalesce(visit.site, 0) AS in_site, visit.bot, %8$s, visit.is_visit, visit.visitor, visit.events, visit.views::integer AS views,
                    visit.bounced::integer AS bounces, round(1000 * visit.ms) AS micros%1$s
                FROM %7$s AS visit
                WHERE visit.is_visit OR cardinality($6) > 0
            ), counted AS (
                SELECT
                    %2$s AS list, %3$s, %4$s AS value, count(*) AS visitors, count(*) AS visits, 0 AS events, sum(views) AS views, sum(bounces) AS bounces,
                    sum(micros) AS micros
                FROM part
                WHERE is_visit
                GROUP BY %5$sGROUPING SETS (%6$s)
                UNION ALL
                SELECT %2$s, %3$s, %4$s, count(DISTINCT visitor) - count(*), 0, 0, 0, 0, 0
                FROM part
                WHERE is_visit AND visitor IN (SELECT again.visitor FROM part AS again WHERE again.is_visit GROUP BY 1 HAVING count(*) > 1)
                GROUP BY %5$sGROUPING SETS (%6$s)
                UNION ALL
                SELECT name, %3$s, CASE name WHEN 'site' THEN by_site.in_site ELSE 0 END, 0, 0, by_site.events, 0, 0, 0
                FROM (SELECT in_site, bot, before, sum(events) AS events FROM part GROUP BY 1, 2, 3) AS by_site
                CROSS JOIN unnest($6) AS name
            )
            SELECT
                list, in_site, bot, 0, 0, value, sum(%9$svisitors)::bigint, sum(%9$svisits)::bigint, sum(%9$sevents)::bigint,
                coalesce(sum(%9$sviews), 0)::bigint, coalesce(sum(%9$sbounces), 0)::bigint, coalesce(sum(%9$smicros), 0)::bigint
            FROM counted
            GROUP BY list, in_site, bot, value
            HAVING sum(visits) > 0 OR sum(events) > 0
            $query$,
            (
                SELECT string_agg(', ' || CASE name
                    WHEN 'hour' THEN format($hour$
                        (24 * extract(isodow FROM visit.first_at AT TIME ZONE %1$L) - 24 + extract(hour FROM visit.first_at AT TIME ZONE %1$L))::integer AS hour
                        $hour$, zone)
                    WHEN 'visit_ms' THEN 'footfall.histogram_bucket(visit.ms) AS visit_ms'
                    ELSE format('visit.%I', name) END, '')
                FROM unnest(of_visits) AS name
                WHERE name <> 'total'
            ),
            coalesce('CASE ' || (SELECT string_agg(format('WHEN grouping(%1$I) = 0 THEN %1$L', name), ' ') FROM unnest(of_visits) AS name WHERE name <> 'total') || ' ELSE ''total'' END', '''total'''),
            owner,
            coalesce('coalesce(CASE ' || (SELECT string_agg(format('WHEN grouping(%1$I) = 0 THEN %1$I', name), ' ') FROM unnest(of_visits) AS name WHERE name <> 'total') || ' END, 0)', '0'),
            by_owner,
            (SELECT string_agg(CASE name WHEN 'total' THEN '()' ELSE format('(%I)', name) END, ', ') FROM unnest(of_visits) AS name),
            CASE WHEN summed_until IS NULL THEN 'footfall.visit_rows($1, $2, $3, $4, $5)' ELSE changed_rows END, before, sign)
            USING since, until, filters, kinds, views, with_events;
    END IF;
    IF of_events <> '{}' THEN
        -- First what each visitor did, by hashing: DISTINCT would sort all of it.
        RETURN QUERY EXECUTE format($query$
            SELECT
                entry.list, counted.in_site, counted.bot, entry.subject, entry.property, entry.value, sum(%7$scounted.visitors)::bigint, 0::bigint,
                sum(%7$scounted.events)::bigint, 0::bigint, 0::bigint, 0::bigint
            FROM footfall.days_with_visits($1, $2) AS span
            CROSS JOIN LATERAL (
                SELECT %1$s, entry, count(visitor) AS visitors, sum(events) AS events
                FROM (
                    SELECT %2$sentry, visitor, sum(events) AS events
                    FROM (
                        SELECT did.in_site, did.bot, did.before, did.visitor, did.events, %3$s AS entry
                        FROM (
                            SELECT in_site, bot, before, visitor, (done >> 32)::integer AS kind, (done & 4294967295)::integer AS events
                            FROM (
                                SELECT coalesce(visit.site, 0) AS in_site, visit.bot, %6$s, CASE WHEN visit.is_visit THEN visit.visitor END AS visitor, unnest(visit.did) AS done
                                FROM %5$s AS visit
                                WHERE visit.first_at >= span.since AND visit.first_at < span.until
                            ) AS each
                        ) AS did
                        JOIN %4$s
                        WHERE $4 IS NULL OR did.kind = ANY ($4)
                    ) AS done
                    WHERE $5 IS NULL OR entry = ANY ($5)
                    GROUP BY %2$sentry, visitor
                ) AS by_visitor
                GROUP BY %2$sentry
            ) AS counted
            JOIN analytics_entries AS entry ON entry.id = counted.entry
            GROUP BY entry.list, counted.in_site, counted.bot, entry.subject, entry.property, entry.value
            $query$,
            owner, by_owner,
            -- Only the entries that can be of these lists: each has to be hashed with its visitor.
            CASE WHEN of_events = '{event_type}' THEN 'kind.entries[1]' WHEN of_events <@ own_lists THEN 'kind.own_entry' ELSE 'unnest(kind.entries)' END,
            CASE
                WHEN of_events <@ own_lists THEN 'analytics_kinds AS kind ON kind.id = did.kind AND kind.own_entry = ANY ($5)'
                WHEN of_events <@ (own_lists || '{event_type}'::text[]) THEN
                    -- OFFSET keeps the slices from being cut for each event.
                    '(SELECT id, entries[1:CASE WHEN own_entry IS NULL THEN 1 ELSE 2 END] AS entries FROM analytics_kinds OFFSET 0) AS kind ON kind.id = did.kind'
                WHEN of_events <@ '{property,property_value}' THEN
                    'analytics_kinds AS kind ON kind.id = did.kind AND cardinality(kind.entries) > CASE WHEN kind.own_entry IS NULL THEN 1 ELSE 2 END'
                ELSE 'analytics_kinds AS kind ON kind.id = did.kind'
            END,
            CASE WHEN summed_until IS NULL THEN 'footfall.visit_rows($1, $2, $3, NULL, NULL)' ELSE changed_rows END, before, sign)
            USING since, until, filters, kinds, entries;
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION footfall.sums_of_visits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.sums_of_visits TO footfall_reader;
