-- Footfall's tables with their row counts, including a hypertable's chunks. The tables are read from the catalogue, so that
-- a future one is not forgotten; query_to_xml runs a query whose text is built here.
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
