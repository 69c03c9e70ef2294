-- New events still go into rows; only what `footfall retain` compresses is held by column.
ALTER TABLE analytics_events SET (timescaledb.compress, timescaledb.compress_orderby = 'timestamp DESC')
