# After the database is destroyed, do its backup and Kafka restore everything, exactly once?

BACKUPS = "/var/lib/footfall-backup"
DATABASE = "host=/run/postgresql user=postgres dbname=analytics"
# In the order of the data flow, so that no service runs without what it depends on.
USES_DATABASE = "footfall-sink@4195.service footfall-view.socket footfall-view.service"
ALL = "SELECT count(*), count(DISTINCT event_id) FROM analytics_events"

start_all()
wait_for_footfall(appliance)

with subtest("events, a backup, and more events"):
    for number in range(30):
        send(appliance, "http://localhost/analytics", event("before", str(number)))
    wait_for_rows(appliance, "before", 30)
    appliance.succeed("systemctl start footfall-backup.service")
    backup = appliance.succeed(f"find {BACKUPS} -name '*.dump'").split()
    t.assertEqual(len(backup), 1, backup)
    t.assertEqual(appliance.succeed(f"stat -c %U {backup[0]}").strip(), "postgres")
    for user in ("footfall-ingest", "footfall-view", "footfall-sink"):
        appliance.fail(f"runuser -u {user} -- head -c1 {backup[0]}")
    for number in range(20):
        send(appliance, "http://localhost/analytics", event("after", str(number)))
    wait_for_rows(appliance, "after", 20)
    visits = "SELECT count(*) FROM analytics_visits"
    had = [ask_database(appliance, sql) for sql in (ALL, "SELECT sum(event_count) FROM analytics_summary", visits)]

with subtest("the database is destroyed while events keep arriving"):
    appliance.succeed(f"systemctl stop {USES_DATABASE}")
    ask_database(appliance, "DROP DATABASE analytics WITH (FORCE)", database="postgres")
    for number in range(10):
        send(appliance, "http://localhost/analytics", event("meanwhile", str(number)))

with subtest("the backup is restored, and the rest is read from Kafka"):
    appliance.succeed(f"runuser -u postgres -- footfall restore {backup[0]} --database '{DATABASE}'")
    appliance.succeed("systemctl restart footfall-migrate.service", f"systemctl start {USES_DATABASE}")
    wait_for_rows(appliance, "before", 30)
    wait_for_rows(appliance, "after", 20)
    wait_for_rows(appliance, "meanwhile", 10)

with subtest("the database is as it was"):
    t.assertEqual(ask_database(appliance, ALL), "60|60")
    counts = f"SELECT sum(event_count) FROM analytics_summary WHERE event_type IN ('before', 'after')"
    t.assertEqual(ask_database(appliance, counts), had[1])
    t.assertEqual(had[0], "50|50")
