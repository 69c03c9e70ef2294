-- The forms that were submitted in what began in [since, until). form: its id, otherwise its name, otherwise its action's path.
-- visitors: distinct visitors who did so. filters: see footfall.filter_values. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.form_submissions(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (page text, form text, submissions bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT entry.subject, entry.value, entry.events, entry.visitors FROM footfall.events_by_some('{form}', $1, $2, $3, $4) AS entry
$$;
REVOKE EXECUTE ON FUNCTION footfall.form_submissions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.form_submissions TO footfall_reader;
