-- The versions of TimescaleDB that this server can make an extension of.
SELECT version FROM pg_available_extension_versions WHERE name = 'timescaledb' ORDER BY version
