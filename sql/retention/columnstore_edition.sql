-- The edition of TimescaleDB, `apache` or `timescale`, and whether the events may be compressed already.
SELECT current_setting('timescaledb.license'), compression_enabled
FROM timescaledb_information.hypertables
WHERE hypertable_schema = 'public' AND hypertable_name = 'analytics_events'
