-- Deletes from the pages $1 up to, but not including, $2. There is no B-tree for finding old ids (every insert would pay
-- for it), so a run scans the table once, a few pages in each transaction.
WITH gone AS (
    DELETE FROM analytics_ledger
    WHERE ctid >= format('(%s,0)', $1::bigint)::tid AND ctid < format('(%s,0)', $2::bigint)::tid AND received_at < $3
    RETURNING 1
)
SELECT count(*) FROM gone
