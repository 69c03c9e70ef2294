-- A visitor is bound to the day in which the visit begins: see sql/writer/put_visits.sql.
UPDATE analytics_visits
SET visitor = visitor # hashint4extended((first_at AT TIME ZONE $1::text)::date - date '2000-01-01', 0)
    # hashint4extended((first_at AT TIME ZONE $2::text)::date - date '2000-01-01', 0)
WHERE visitor IS NOT NULL AND (first_at AT TIME ZONE $1::text)::date <> (first_at AT TIME ZONE $2::text)::date
