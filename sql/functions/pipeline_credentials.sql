-- When the passwords of Footfall's roles expire (VALID UNTIL), and how many seconds after `at` that is. Null: never.
-- The database does not know about certificates.
CREATE OR REPLACE FUNCTION footfall.pipeline_credentials(at timestamptz DEFAULT now())
RETURNS TABLE (role text, expires_at timestamptz, seconds_left double precision)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT rolname::text, nullif(rolvaliduntil, 'infinity'),
        extract(epoch FROM nullif(rolvaliduntil, 'infinity') - at)::double precision
    FROM pg_roles
    WHERE rolname IN ('footfall_owner', 'footfall_writer', 'footfall_reader')
    ORDER BY rolname
$$;
REVOKE EXECUTE ON FUNCTION footfall.pipeline_credentials FROM PUBLIC;
GRANT EXECUTE ON FUNCTION footfall.pipeline_credentials TO footfall_reader;
