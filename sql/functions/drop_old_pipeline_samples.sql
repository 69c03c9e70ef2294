-- Drops the days of pipeline_samples that ended at least keep_days (1 or more) days ago; answers how many. Dropping a
-- chunk is the owner's right: the sink has it for this table alone, and never for the last day. A day that somebody
-- reads at the moment stays until the next time, rather than that all who read wait for him.
CREATE OR REPLACE FUNCTION footfall.drop_old_pipeline_samples(keep_days integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '1s'
AS $$
    SELECT count(*)::integer
    FROM drop_chunks('pipeline_samples', older_than => now() - make_interval(days => greatest(keep_days, 1)))
$$;
REVOKE EXECUTE ON FUNCTION footfall.drop_old_pipeline_samples FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.drop_old_pipeline_samples TO footfall_writer;
