-- Whether this session is answered, and could read: it takes the lock of a SELECT on each table and releases it.
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_events IN ACCESS SHARE MODE; COMMIT;
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_summary_parts IN ACCESS SHARE MODE; COMMIT;
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_summary_hours IN ACCESS SHARE MODE; COMMIT;
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_visits IN ACCESS SHARE MODE; COMMIT;
