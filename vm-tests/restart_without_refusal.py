# Does a restart of ingest or of the live page refuse or lose a single request while events arrive?

RESTARTS = 20

start_all()
wait_for_footfall(appliance)
client.wait_for_unit("multi-user.target")

with subtest(f"{RESTARTS} restarts of ingest under load"):
    begin_load(client, "http://appliance/analytics")
    for _ in range(RESTARTS):
        appliance.succeed("systemctl restart footfall-ingest.service")
    answers = end_load(client)
    log.info(f"{len(answers)} requests")
    # So that some were in flight at each restart, even on a slow disk: with 9 at each it was 182.
    t.assertGreater(len(answers), 3 * RESTARTS)
    t.assertEqual([said for _, said in answers if said != "200"], [])
    t.assertGreaterEqual(
        int(appliance.succeed("journalctl -u footfall-ingest.service --grep '^Started|^Starting' -o cat | grep -c Started")),
        RESTARTS,
    )

with subtest("each event is stored once"):
    wait_until_stored_once(appliance, acknowledged(answers))

with subtest(f"{RESTARTS} restarts of the live page"):
    ask = "for i in $(seq 400); do curl -s -o /dev/null -w '%{http_code}\\n' http://appliance/live/; done | sort | uniq -c"
    client.succeed(f"systemd-run --quiet --unit=ask --property=StandardOutput=file:/root/asked bash -c {shlex.quote(ask)}")
    for _ in range(RESTARTS):
        appliance.succeed("systemctl restart footfall-view.service")
    client.wait_until_fails("systemctl is-active --quiet ask", timeout=60)
    asked = client.succeed("cat /root/asked").split()
    # Without a login there is only one kind of answer, and it must never be that view is down.
    t.assertEqual(len(asked), 2, asked)
    t.assertIn(asked[1], ("401", "303", "200"))

with subtest("a restart of the sink loses or doubles nothing"):
    begin_load(client, "http://appliance/analytics")
    for _ in range(5):
        appliance.succeed("systemctl restart footfall-sink@4195.service")
    answers = end_load(client)
    t.assertEqual([said for _, said in answers if said != "200"], [])
    wait_until_stored_once(appliance, acknowledged(answers))
