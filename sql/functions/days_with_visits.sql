-- The parts of [since, until) that lie in one day of the instance each, as far as visits may have begun in them. A visitor is one within a
-- day only, so who counts by visitor counts day by day: what one day needs stays in the processor's caches and in work_mem.
CREATE OR REPLACE FUNCTION footfall.days_with_visits(since timestamptz, until timestamptz)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT greatest($1, bounds.starts_at), least($2, bounds.ends_at)
    FROM (
        -- Every visit is of a day with sums, or has changed. In the schema by name, because a recount hides the table by its own.
        SELECT known.starts_at, known.ends_at FROM public.analytics_days AS known
        UNION
        SELECT changed.starts_at, changed.ends_at FROM footfall.changed_days() AS changed
    ) AS bounds
    WHERE bounds.starts_at < $2 AND bounds.ends_at > $1 AND bounds.starts_at < bounds.ends_at
    -- Worked out once, and not for each chunk.
    OFFSET 0
$$;
REVOKE EXECUTE ON FUNCTION footfall.days_with_visits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.days_with_visits TO footfall_reader;
