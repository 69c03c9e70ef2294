-- A sample with an impossible time would create its own chunk, so it is left out.
INSERT INTO pipeline_samples (at, source, started_at, samples)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::timestamptz[], $4::jsonb[])
    AS sample (at, source, started_at, samples)
WHERE sample.at BETWEEN now() - INTERVAL '30 days' AND now() + INTERVAL '1 hour'
