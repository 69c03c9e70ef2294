-- The size of all tables without indexes, which is roughly that of an uncompressed backup.
SELECT coalesce(sum(pg_table_size(oid)), 0)::bigint FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p'
