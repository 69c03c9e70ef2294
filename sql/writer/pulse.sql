-- Whether this session is answered, and could store: it takes the lock of an INSERT on each table and releases it. One table
-- at a time, so that it holds none while it waits for another.
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY kafka_offsets IN ROW EXCLUSIVE MODE; COMMIT;
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_ledger IN ROW EXCLUSIVE MODE; COMMIT;
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_events IN ROW EXCLUSIVE MODE; COMMIT;
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_summary_parts IN ROW EXCLUSIVE MODE; COMMIT;
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_summary_hours IN ROW EXCLUSIVE MODE; COMMIT;
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_summary_start IN ACCESS SHARE MODE; COMMIT;
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_visits IN ROW EXCLUSIVE MODE; COMMIT;
BEGIN; SET LOCAL lock_timeout = '3s'; LOCK TABLE ONLY analytics_outcomes_parts IN ROW EXCLUSIVE MODE; COMMIT;
