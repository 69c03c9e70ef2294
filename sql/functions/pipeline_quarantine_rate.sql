-- How many messages the sink read in the minutes before `at`, how many of them it quarantined, and their share, 0 to 1;
-- null if it read none. There should be none at all: ingest rejects what cannot be stored.
CREATE OR REPLACE FUNCTION footfall.pipeline_quarantine_rate(minutes integer DEFAULT 15, at timestamptz DEFAULT now())
RETURNS TABLE (events bigint, quarantined bigint, share double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT stored + duplicate + quarantined, quarantined,
        quarantined::double precision / nullif(stored + duplicate + quarantined, 0)
    FROM footfall.pipeline_balance(at - make_interval(mins => minutes), at)
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_quarantine_rate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_quarantine_rate TO footfall_reader;
