-- The three roles, each with the least it needs. What a role may do is granted beside the object that it needs.
-- owner runs migrations; writer is the sink; reader is Grafana, the live page and whoever types a query.
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
    -- A prepared question is planned for its own range and filters each time, so that it reads no chunk and no column that
    -- these do not need: planning costs milliseconds, a plan that fits every range costs seconds.
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        ALTER ROLE footfall_reader SET plan_cache_mode = 'force_custom_plan';
    END IF;
END
$$;
