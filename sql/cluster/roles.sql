-- The three roles, each with the least privileges it needs. Privileges are granted in the file of each object.
-- owner runs migrations; writer is the sink; reader is for Grafana, the live page and ad-hoc queries.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'footfall_owner') THEN
        CREATE ROLE footfall_owner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'footfall_writer') THEN
        CREATE ROLE footfall_writer LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'footfall_reader') THEN
        CREATE ROLE footfall_reader LOGIN;
    END IF;
    -- A prepared query is planned for its actual range and filters each time, so that it reads only the chunks and columns
    -- that it needs: planning costs milliseconds, a generic plan costs seconds.
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        ALTER ROLE footfall_reader SET plan_cache_mode = 'force_custom_plan';
        -- A forgotten query or transaction must not hold the machine. footfall-view sets its own timeout for each
        -- connection, which precedes this one; in psql, SET raises it.
        ALTER ROLE footfall_reader SET statement_timeout = '30s';
        ALTER ROLE footfall_reader SET idle_in_transaction_session_timeout = '10min';
        ALTER ROLE footfall_reader SET default_transaction_read_only = on;
        -- Sorts and hashes of a question with filters, which would go to disk otherwise.
        ALTER ROLE footfall_reader SET work_mem = '32MB';
        -- A large sort must not fill the disk that the events need. Only a superuser can raise it.
        ALTER ROLE footfall_reader SET temp_file_limit = '4GB';
    END IF;
END
$$;
