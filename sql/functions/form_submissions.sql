-- The forms that were submitted in [since, until). form: its id, otherwise its name, otherwise its action's path.
-- visitors: distinct visitors who did so. filters: see footfall.matching_events. row_limit: rows at most.
CREATE OR REPLACE FUNCTION footfall.form_submissions(since timestamptz, until timestamptz, filters jsonb DEFAULT '{}',
    row_limit integer DEFAULT 100) RETURNS TABLE (page text, form text, submissions bigint, visitors bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        event.page_path, event.metadata ->> 'form', count(*),
        count(DISTINCT coalesce(event.visitor_id, md5(event.session_id)::uuid))
    FROM footfall.matching_events($1, $2, $3) AS event
    WHERE event.event_type = 'form_submit'
    GROUP BY 1, 2
    ORDER BY 3 DESC, 1, 2
    LIMIT $4
$$;
REVOKE EXECUTE ON FUNCTION footfall.form_submissions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.form_submissions TO footfall_reader;
