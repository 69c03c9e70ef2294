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
    END IF;
END
$$;
