# Can each service do only what it must: score, ports, secrets, other services' state, what is logged?

# systemd-analyze's exposure level, 0 to 10, times ten.
EXPOSURE_MAX = 15

SERVICES = [
    "footfall-secrets.service",
    "footfall-migrate.service",
    "footfall-topics.service",
    "footfall-ingest.service",
    "footfall-sink@4195.service",
    "footfall-view.service",
    "footfall-retention.service",
    "footfall-backup.service",
]
USERS = ["footfall-ingest", "footfall-sink", "footfall-view", "footfall-retention"]
# State that only its owner may read.
STATE = {"footfall-view": "/var/lib/footfall-view", "root": "/var/lib/footfall/secrets"}
# Ports that other machines may reach, and ports that may listen only for this machine.
OPEN = {80}
# 3000 is Grafana, if it is installed.
LOCAL = {3000, 3001, 3002, 3003, 3004, 4195, 5432, 9092, 9093}

start_all()
wait_for_footfall(appliance)
client.wait_for_unit("multi-user.target")

with subtest("no service is exposed more than it must be"):
    kafka = ["footfall-kafka.service"]
    # NixOS has its own unit for Kafka, and ours is masked.
    if appliance.get_unit_property("footfall-kafka.service", "LoadState") != "loaded":
        kafka = []
    for unit in SERVICES + kafka:
        status, table = appliance.execute(f"systemd-analyze security --no-pager --threshold={EXPOSURE_MAX} {unit}")
        log.info(f"{unit}: {table.strip().splitlines()[-1]}")
        t.assertEqual(status, 0, f"{unit} is exposed more than {EXPOSURE_MAX / 10}:\n{table}")

with subtest("systemd-analyze verify reports nothing"):
    for unit in SERVICES + kafka + ["footfall.target", "footfall-ingest.socket", "footfall-view.socket"]:
        said = appliance.execute(f"systemd-analyze verify {unit} 2>&1")[1]
        t.assertEqual([line for line in said.splitlines() if "footfall" in line], [])

with subtest("no unexpected port is open"):
    for line in appliance.succeed("ss -Htln | awk '{print $4}'").split():
        address, _, port = line.rpartition(":")
        if address.strip("[]") in ("127.0.0.1", "::1", "[::ffff:127.0.0.1]"):
            t.assertIn(int(port), LOCAL | OPEN)
        else:
            t.assertIn(int(port), OPEN, f"{line} is open to other machines")
    for port in sorted(LOCAL):
        client.fail(f"timeout 2 bash -c 'exec 3<>/dev/tcp/appliance/{port}'")

with subtest("no secret is readable by others"):
    secrets = "/var/lib/footfall/secrets"
    for name in appliance.succeed(f"ls {secrets}").split():
        t.assertEqual(appliance.succeed(f"stat -c '%U %a' {secrets}/{name}").strip(), "root 600", name)
        find = f"""
            secret=$(cat {secrets}/{name}); test ${{#secret}} -ge 16
            found=$(grep -lsF -e "$secret" /proc/[0-9]*/cmdline /proc/[0-9]*/environ || true)
            for own in $$ $BASHPID; do found=$(grep -v "^/proc/$own/" <<< "$found" || true); done
            test -z "$found" || {{ echo "$found"; exit 1; }}
            if journalctl -q --no-pager -o export | grep -qF -e "$secret"; then echo journal; exit 1; fi
            if grep -rqsF -e "$secret" /etc; then echo /etc; exit 1; fi"""
        appliance.succeed(find)

with subtest("no service can read another's state"):
    for owner, folder in STATE.items():
        for user in USERS:
            listed = appliance.execute(f"runuser -u {user} -- ls {folder}")[0] == 0
            t.assertEqual(listed, user == owner, f"{user} and {folder}")

with subtest("each user has its own role in the database, and no other"):
    own = {"footfall-sink": "footfall_writer", "footfall-view": "footfall_reader", "footfall-retention": "footfall_owner"}
    for user in USERS:
        for role in ("footfall_owner", "footfall_writer", "footfall_reader", "postgres"):
            connect = f"psql -qAt 'host=/run/postgresql dbname=analytics user={role}' -c 'SELECT 1'"
            let_in = appliance.execute(f"runuser -u {user} -- {connect} 2>&1")[0] == 0
            # In the light profile ingest itself writes, with the sink's role.
            may = own.get(user, "footfall_writer") == role
            t.assertEqual(let_in, may, f"{user} as {role}")
    read = "psql -qAt 'host=/run/postgresql dbname=analytics user=footfall_reader'"
    appliance.fail(f"runuser -u footfall-view -- {read} -c 'DELETE FROM analytics_events'")

with subtest("from elsewhere, only who has a key may write"):
    post = f"curl -sS --fail-with-body --max-time 30 -d {shlex.quote(event('keyed'))} -H 'Content-Type: application/json'"
    t.assertIn("key_missing", client.fail(f"{post} http://appliance/analytics"))
    t.assertIn("key_missing", client.fail(f"{post} -H 'Origin: http://elsewhere' http://appliance/analytics"))
    appliance.succeed("footfall site add blog")
    key = appliance.succeed("footfall key add blog --secret").strip()
    client.wait_until_succeeds(f"{post} -H 'Authorization: Bearer {key}' http://appliance/analytics", timeout=10)
    wait_for_rows(appliance, "keyed", 1)

with subtest("no address and no body is logged"):
    address = client.succeed("hostname -I").split()[0]
    mark = "mark-of-a-body"
    send(client, "http://appliance/analytics", event("hardening", mark))
    client.fail(posting("http://appliance/analytics", f'{{"event_type":"{mark}"}}'))
    client.fail(posting("http://appliance/analytics", mark))
    wait_for_rows(appliance, "hardening", 1)
    appliance.succeed("journalctl --sync")
    for what in (address, mark):
        appliance.fail(f"journalctl -q --no-pager -o export -u 'footfall*' -u nginx | grep -F -e {what}")
        appliance.fail(f"grep -rsF -e {what} /var/log/nginx")

with subtest("journal entries have fields"):
    line = appliance.succeed("journalctl -q --no-pager -o json -u footfall-sink@4195.service | head -50")
    fields = {name for entry in line.splitlines() for name in json.loads(entry)}
    t.assertTrue(any(name.startswith("F_") or name == "EVENT" for name in fields), sorted(fields))
