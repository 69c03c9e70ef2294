SELECT pg_relation_size('analytics_ledger') / current_setting('block_size')::bigint
