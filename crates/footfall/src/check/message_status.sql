-- How far a partition has been stored, and why one of its messages is in quarantine, if it is.
SELECT
    (SELECT next_offset FROM kafka_offsets WHERE topic = $1 AND partition = $2),
    (SELECT reason || ' in ' || field || ': ' || message
     FROM analytics_quarantine
     WHERE topic = $1 AND partition = $2 AND kafka_offset = $3
     ORDER BY quarantined_at DESC LIMIT 1)
