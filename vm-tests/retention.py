# Does the nightly run remove data that is older than the configuration allows, and nothing else?

start_all()
wait_for_footfall(appliance)


def count(table: str, where: str = "true") -> int:
    return int(ask_database(appliance, f"SELECT count(*) FROM {table} WHERE {where}"))


with subtest("events of today, and the same a hundred days ago"):
    for number in range(10):
        send(appliance, "http://localhost/analytics", event("kept", str(number)))
    wait_for_rows(appliance, "kept", 10)
    older = """jsonb_build_object('timestamp', e.timestamp - interval '100 days', 'event_type', 'old',
        'event_id', gen_random_uuid())"""
    copy = f"INSERT INTO analytics_events SELECT (jsonb_populate_record(e, {older})).* FROM analytics_events AS e"
    ask_database(appliance, copy)
    t.assertEqual(count("analytics_events", "event_type = 'old'"), 10)
    ask_database(
        appliance,
        """INSERT INTO analytics_ledger SELECT (jsonb_populate_record(l, jsonb_build_object(
            'event_id', gen_random_uuid(), 'received_at', now() - interval '40 days'))).* FROM analytics_ledger AS l""",
    )
    old_ids = "received_at < now() - interval '30 days'"
    t.assertGreaterEqual(count("analytics_ledger", old_ids), 10)

with subtest("it runs each night"):
    for timer in ("footfall-retention.timer", "footfall-backup.timer"):
        appliance.require_unit_state(timer)
        t.assertTrue(appliance.get_unit_property(timer, "NextElapseUSecRealtime"))

with subtest("without a limit, events are kept forever"):
    appliance.succeed("systemctl start footfall-retention.service")
    t.assertEqual(count("analytics_events"), 20)

with subtest("with a limit, older events are removed"):
    # As a drop-in, which takes precedence over the NixOS module's own file.
    appliance.succeed(
        "mkdir -p /run/systemd/system/footfall-retention.service.d",
        "printf '[Service]\\nEnvironment=FOOTFALL_KEEP_DAYS__ANALYTICS_EVENTS=90\\n'"
        " > /run/systemd/system/footfall-retention.service.d/test.conf",
        "systemctl daemon-reload",
        "systemctl start footfall-retention.service",
    )
    t.assertEqual(count("analytics_events", "event_type = 'old'"), 0)
    t.assertEqual(count("analytics_events", "event_type = 'kept'"), 10)
    t.assertEqual(count("analytics_ledger", old_ids), 0)
    known = "event_id IN (SELECT event_id FROM analytics_ledger)"
    t.assertEqual(count("analytics_events", known), 10)

with subtest("a duplicate is still recognized"):
    body = event("kept", "again")
    send(appliance, "http://localhost/analytics", body)
    send(appliance, "http://localhost/analytics", body)
    wait_for_rows(appliance, "kept", 11)
    send(appliance, "http://localhost/analytics", event("kept", "last"))
    wait_for_rows(appliance, "kept", 12)
