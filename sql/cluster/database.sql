-- The database's settings, and what every role may do in a new one and footfall_reader must not: fill the disk with temporary
-- tables or large objects, or hold the advisory locks that retention and backup wait for. Taken from PUBLIC, of which each role
-- is a part.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    -- TimescaleDB 2.19 to 2.26, at least, leaves out rows without an error if parallel workers share a ChunkAppend whose filter has
    -- the result of a subquery: https://github.com/timescale/timescaledb/issues/10503.
    EXECUTE format('ALTER DATABASE %I SET timescaledb.enable_parallel_chunk_append = off', current_database());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        FOR routine IN
            SELECT oid FROM pg_proc
            WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname ~ '^pg_(try_)?advisory_' OR proname ~ '^lo_(creat|create|from_bytea|import)$')
        LOOP
            EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO footfall_owner, footfall_writer', routine);
        END LOOP;
    END IF;
END
$$;
