SELECT footfall.drop_events_keeping_summary($1::timestamptz, $2::timestamptz)
