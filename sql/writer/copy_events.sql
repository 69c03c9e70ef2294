COPY analytics_events ({{list columns: @}}) FROM STDIN (FORMAT binary)
