-- Waits for those that store events or close days, and lets readers go on.
LOCK TABLE analytics_visits, analytics_rollup, analytics_days IN SHARE ROW EXCLUSIVE MODE
