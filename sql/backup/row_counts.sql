-- The tables of ours, and how many rows each has, a hypertable's chunks among them. Which tables there are is asked, so
-- that one of tomorrow is not forgotten; query_to_xml runs a query whose text is made here.
SELECT
    class.relname::text,
    (xpath('/row/rows/text()', query_to_xml(format('SELECT count(*) AS rows FROM %I.%I', space.nspname, class.relname), false, true, '')))[1]::text::bigint
FROM pg_class AS class
JOIN pg_namespace AS space ON space.oid = class.relnamespace
WHERE space.nspname = 'public' AND class.relkind IN ('r', 'p')
    AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = class.oid AND deptype = 'e')
ORDER BY 1
