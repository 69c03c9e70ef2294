-- Everything that the pipeline keeps: for each table its row count and a sum of the rows' hashes, equal only if the rows
-- are. The time at which a row was written is left out, because it differs when it is written again.
SELECT coalesce(string_agg(format('%s %s %s', name, rows, hashes), E'\n' ORDER BY name), '')
FROM (
    SELECT 'events' AS name, count(*) AS rows, coalesce(sum(hashtextextended((to_jsonb(event) - 'created_at')::text, 0)::numeric), 0) AS hashes
    FROM analytics_events AS event
    UNION ALL
    SELECT 'ledger', count(*), coalesce(sum(hashtextextended(ledger::text, 0)::numeric), 0) FROM analytics_ledger AS ledger
    UNION ALL
    SELECT 'summary', count(*), coalesce(sum(hashtextextended(part::text, 0)::numeric), 0) FROM analytics_summary_parts AS part
    UNION ALL
    SELECT 'summary hours', count(*), coalesce(sum(hashtextextended(part::text, 0)::numeric), 0) FROM analytics_summary_hours AS part
    UNION ALL
    -- Texts and not their numbers, which depend on the order in which they were stored.
    SELECT 'visits', count(*), coalesce(sum(hashtextextended(format('%s %s', held, done), 0)::numeric), 0)
    FROM (
        SELECT to_jsonb(visit) || jsonb_build_object(
                'last_active_at', held.last_active_at, 'first_id', held.first_id, 'last_id', held.last_id, 'actions', held.actions, 'bot', held.bot),
            (SELECT jsonb_agg(jsonb_build_array(type.value, page.value, detail.value, did & 4294967295) ORDER BY type.value, page.value, detail.value)
            FROM unnest(held.kinds) AS did
            JOIN analytics_kinds AS kind ON kind.id = did >> 32
            JOIN analytics_values AS type ON type.id = kind.event_type
            LEFT JOIN analytics_values AS page ON page.id = kind.page
            LEFT JOIN analytics_values AS detail ON detail.id = kind.detail)
        FROM footfall.visits('-infinity', 'infinity', '{"bot": "any"}') AS visit
        JOIN analytics_visits AS held USING (visit_key, first_at)
    ) AS visits (held, done)
    UNION ALL
    SELECT 'summed days', count(*), coalesce(sum(hashtextextended(day::text, 0)::numeric), 0) FROM footfall.summed_days('-infinity', 'infinity') WHERE summed_until = ends_at
    UNION ALL
    SELECT 'sums', count(*), coalesce(sum(hashtextextended(concat_ws(' ', day, list, site, value, visits, events), 0)::numeric), 0)
    FROM (
        SELECT part.day, part.list, site.value AS site, value.value AS value, part.visits, part.events
        FROM analytics_rollup AS part
        -- Those of the day that goes on are of some moment.
        JOIN analytics_days AS known ON known.day = part.day AND part.days = 1 AND known.summed_until = known.ends_at
        LEFT JOIN analytics_values AS site ON site.id = part.site
        LEFT JOIN analytics_values AS value ON value.id = part.value
    ) AS sums
    UNION ALL
    -- The sink's own are counted by the minute in which it stores, so only the totals of each outcome stay the same.
    SELECT 'outcomes', count(*), coalesce(sum(hashtextextended(outcome::text, 0)::numeric), 0)
    FROM (
        SELECT source, outcome, reason, kafka_partition, sum(event_count)
        FROM analytics_outcomes_parts
        GROUP BY source, outcome, reason, kafka_partition
    ) AS outcome
    UNION ALL
    SELECT 'outcomes of ingest', count(*), coalesce(sum(hashtextextended(part::text, 0)::numeric), 0)
    FROM analytics_outcomes_parts AS part
    WHERE source <> 'sink'
    UNION ALL
    SELECT 'quarantine', count(*), coalesce(sum(hashtextextended((to_jsonb(kept) - 'quarantined_at')::text, 0)::numeric), 0)
    FROM analytics_quarantine AS kept
    UNION ALL
    SELECT 'offsets', count(*), coalesce(sum(hashtextextended(format('%s %s %s', topic, partition, next_offset), 0)::numeric), 0)
    FROM kafka_offsets
) AS tables
