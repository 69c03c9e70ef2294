# Does the system that Nix built run: units, their overrides, configuration, accounts, and each service's settings?
#
# `cargo xtask nix` builds the system of a host with services.footfall.enable = true. Debian's programs replace those of
# nixpkgs (nixos/tests/stand-in); everything else is as the module defines it. On NixOS, the other questions cover this.

start_all()

with subtest("every service comes up without a restart"):
    for unit in ("postgresql.target", "apache-kafka.service", "nginx.service", "footfall.target"):
        appliance.wait_for_unit(unit, timeout=120)
    for unit in ("footfall-ingest.service", "footfall-sink@4195.service", "footfall-view.service"):
        appliance.wait_for_unit(unit, timeout=120)
        t.assertEqual(appliance.get_unit_property(unit, "NRestarts"), "0", f"{unit} was restarted")
    t.assertEqual(appliance.succeed("systemctl list-units --failed --plain --no-legend").strip(), "")

with subtest("the units are the package's, with the module's overrides"):
    t.assertEqual(appliance.get_unit_property("footfall-kafka.service", "LoadState"), "masked")
    for unit in ("footfall-ingest.service", "footfall-view.service", "footfall-backup.service"):
        t.assertIn("hardening.conf", appliance.get_unit_property(unit, "DropInPaths"))
        t.assertIn("overrides.conf", appliance.get_unit_property(unit, "DropInPaths"))
    appliance.succeed("readlink /proc/$(pidof footfall-ingest)/exe | grep -q '^/nix/store/.*/bin/footfall-ingest$'")
    # Debian's own copy is not there.
    appliance.fail("ls /usr/bin/footfall-ingest")

with subtest("a click becomes a row, a number and a page"):
    send(appliance, "http://localhost:8080/analytics", event("nix_system", "first"))
    wait_for_rows(appliance, "nix_system", 1)
    appliance.succeed("curl -sSf http://localhost:8080/ | grep -qi '<html'")
    appliance.succeed("curl -sSf http://localhost:8080/analytics.js | grep -q analytics")
    # Requires a login, with the password that was generated on the first boot.
    appliance.succeed("curl -sS -o /dev/null -w '%{http_code}' http://localhost:8080/live/ | grep -qE '^(200|303|401)$'")
    appliance.succeed("test $(stat -c %a /var/lib/footfall/secrets/access.password) = 600")

with subtest("database and broker have the settings of the plain files"):
    t.assertEqual(ask_database(appliance, "SHOW max_connections"), "60")
    t.assertEqual(ask_database(appliance, "SHOW jit"), "off")
    t.assertEqual(ask_database(appliance, "SHOW timescaledb.license"), "apache")
    who = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'footfall_writer'"
    t.assertGreater(int(ask_database(appliance, who)), 0)
    appliance.succeed("grep -q '^auto.create.topics.enable=false$' $(systemctl show -p ExecStart apache-kafka | grep -o '/nix/store/[^ ]*server.properties' | head -1)")

with subtest("the nightly jobs run"):
    for unit in ("footfall-retention", "footfall-backup"):
        t.assertEqual(appliance.get_unit_property(f"{unit}.timer", "ActiveState"), "active")
        appliance.succeed(f"systemctl start {unit}.service")
    appliance.succeed("ls /var/lib/footfall-backup | grep -q .")

with subtest("the same after a reboot"):
    appliance.shutdown()
    appliance.start()
    appliance.wait_for_unit("footfall.target", timeout=120)
    send(appliance, "http://localhost:8080/analytics", event("nix_system", "second"))
    wait_for_rows(appliance, "nix_system", 2)
