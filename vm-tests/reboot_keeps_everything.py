# Does a reboot keep events, counts, secrets and the Kafka log, without manual intervention?

appliance.start(allow_reboot=True)
wait_for_footfall(appliance)

KEPT = {
    "rows": "SELECT md5(string_agg(e::text, ',' ORDER BY event_id)) FROM analytics_events AS e",
    "roll-up": "SELECT sum(event_count) FROM analytics_summary",
    "migrations": "SELECT count(*) FROM refinery_schema_history",
}
FILES = "find /var/lib/footfall/secrets /etc/footfall -type f -exec sha256sum {} + | sort"


def kept() -> dict[str, str]:
    return {name: ask_database(appliance, sql) for name, sql in KEPT.items()}


with subtest("events before"):
    for number in range(20):
        send(appliance, "http://localhost/analytics", event("before", str(number)))
    wait_for_rows(appliance, "before", 20)
    before, files = kept(), appliance.succeed(FILES)
    t.assertGreater(len(files.splitlines()), 3)

with subtest("reboot"):
    boot = appliance.succeed("cat /proc/sys/kernel/random/boot_id")
    appliance.reboot()
    wait_for_footfall(appliance)
    t.assertTrue(appliance.succeed("cat /proc/sys/kernel/random/boot_id") != boot)
    t.assertEqual(appliance.succeed("systemctl list-units --failed --plain --no-legend").strip(), "")

with subtest("everything is still there"):
    t.assertEqual(kept(), before)
    t.assertEqual(appliance.succeed(FILES), files)

with subtest("and new events are stored"):
    for number in range(5):
        send(appliance, "http://localhost/analytics", event("after", str(number)))
    wait_for_rows(appliance, "after", 5)
    wait_for_rows(appliance, "before", 20)
