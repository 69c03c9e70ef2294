-- From when on events are counted in analytics_summary_hours. It cannot move until this transaction ends, because reading it
-- locks the table.
SELECT since FROM analytics_summary_start
