DELETE FROM analytics_visits AS visit
USING unnest($1::bigint[], $2::timestamptz[]) AS gone (visit_key, first_at)
WHERE visit.visit_key = gone.visit_key AND visit.first_at = gone.first_at
    AND visit.first_at >= $3::timestamptz AND visit.first_at <= $4::timestamptz
