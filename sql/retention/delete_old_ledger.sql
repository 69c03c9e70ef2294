-- Of the pages from the first number to below the second. There is no B-tree to find old ids by (every insert would
-- pay for it), so a run reads the table through once, some pages in each transaction.
WITH gone AS (
    DELETE FROM analytics_ledger
    WHERE ctid >= format('(%s,0)', $1::bigint)::tid AND ctid < format('(%s,0)', $2::bigint)::tid AND received_at < $3
    RETURNING 1
)
SELECT count(*) FROM gone
