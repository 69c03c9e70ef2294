-- The versions of PostgreSQL and TimescaleDB; the latter is null if the database does not have it.
SELECT current_setting('server_version'), (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')
