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
    SELECT 'visit parts', count(*), coalesce(sum(hashtextextended(part::text, 0)::numeric), 0) FROM analytics_visit_parts AS part
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
