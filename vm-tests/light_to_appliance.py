# Does a host that began with the light profile keep everything when it becomes an appliance, and count nothing twice?

import re

start_all()
for unit in ("footfall-migrate.service", "footfall-ingest.service", "footfall-view.service"):
    host.wait_for_unit(unit, timeout=120)
host.wait_for_open_port(80)
client.wait_for_unit("multi-user.target")

first = event("light_to_appliance", "first")

with subtest("light: only PostgreSQL, ingest and view run"):
    t.assertEqual(host.execute("pgrep -x java")[0], 1)
    t.assertEqual(host.execute("pgrep -x nginx")[0], 1)
    t.assertEqual(host.succeed("systemctl list-units --failed --plain --no-legend").strip(), "")

with subtest("light: the site, the tracker and the collector are behind one port"):
    client.succeed("curl -sf http://host/ | grep -q analytics")
    client.succeed("curl -sf -o /dev/null http://host/analytics.js")
    send(client, "http://host/analytics", first)
    # No wait: an answer means that it is committed.
    t.assertEqual(ask_database(host, "SELECT count(*) FROM analytics_events"), "1")

with subtest("light: acknowledged events are stored once, across restarts of each service under load"):
    begin_load(client, "http://host/analytics")
    for _ in range(5):
        host.succeed("systemctl restart footfall-ingest.service")
        host.succeed("systemctl restart footfall-view.service")
    answers = end_load(client)
    t.assertGreater(len(answers), 50)
    t.assertEqual([said for _, said in answers if said != "200"], [])
    wait_until_stored_once(host, acknowledged(answers))

before = ask_database(host, "SELECT count(*), sum(hashtext(event_id::text)::bigint) FROM analytics_events")
outcomes = "SELECT sum(event_count) FROM analytics_summary"
counted = ask_database(host, outcomes)
password = host.succeed("cat /var/lib/footfall/secrets/access.password")

with subtest("it becomes an appliance"):
    host.succeed("become-appliance", timeout=180)
    wait_for_footfall(host)

with subtest("everything is still there"):
    t.assertEqual(ask_database(host, "SELECT count(*), sum(hashtext(event_id::text)::bigint) FROM analytics_events"), before)
    t.assertEqual(ask_database(host, outcomes), counted)
    t.assertEqual(host.succeed("cat /var/lib/footfall/secrets/access.password"), password)

with subtest("an event that was counted before is not counted again"):
    send(client, "http://host/analytics", first)
    send(client, "http://host/analytics", event("light_to_appliance", "second"))
    wait_for_rows(host, "light_to_appliance", 2)
    said = ask_database(host, "SELECT sum(event_count) FROM analytics_outcomes WHERE outcome = 'duplicate'")
    t.assertTrue(re.fullmatch("[1-9][0-9]*", said), f"duplicates: {said}")
