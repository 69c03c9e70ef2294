-- Of PostgreSQL and of TimescaleDB; null where the database has none of the latter.
SELECT current_setting('server_version'), (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')
