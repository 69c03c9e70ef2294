# Does everything come up in order on the first boot, without a restart?
#
# This guards against nixpkgs#186674: a service that starts before its database and only comes up through restarts.

start_all()

ONESHOTS = ["footfall-secrets.service", "footfall-migrate.service", "footfall-topics.service"]
DAEMONS = ["footfall-ingest.service", "footfall-sink@4195.service", "footfall-view.service"]


def started_us(unit: str, what: str) -> int:
    return int(appliance.get_unit_property(unit, what))


def comes_up_in_order() -> None:
    for unit in ONESHOTS + DAEMONS:
        appliance.wait_for_unit(unit, timeout=120)
    appliance.wait_for_unit("footfall.target")
    for unit in ONESHOTS + DAEMONS:
        t.assertEqual(appliance.get_unit_property(unit, "NRestarts"), "0", f"{unit} was restarted")
    migrated = started_us("footfall-migrate.service", "ActiveEnterTimestampMonotonic")
    topics = started_us("footfall-topics.service", "ActiveEnterTimestampMonotonic")
    for unit in DAEMONS:
        began = started_us(unit, "ExecMainStartTimestampMonotonic")
        t.assertGreater(began, migrated, f"{unit} began before the database was ready")
    for unit in ("footfall-ingest.service", "footfall-sink@4195.service"):
        began = started_us(unit, "ExecMainStartTimestampMonotonic")
        t.assertGreater(began, topics, f"{unit} began before Kafka was ready")
    t.assertEqual(appliance.succeed("systemctl list-units --failed --plain --no-legend").strip(), "")


with subtest("first boot"):
    comes_up_in_order()

with subtest("a click becomes a row"):
    send(appliance, "http://localhost/analytics", event("cold_boot", "first"))
    wait_for_rows(appliance, "cold_boot", 1)

with subtest("second boot"):
    appliance.shutdown()
    appliance.start()
    comes_up_in_order()
    send(appliance, "http://localhost/analytics", event("cold_boot", "second"))
    wait_for_rows(appliance, "cold_boot", 2)
