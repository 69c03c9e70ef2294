-- What all tables take, without indexes: about what a backup holds before it is compressed.
SELECT coalesce(sum(pg_table_size(oid)), 0)::bigint FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p'
