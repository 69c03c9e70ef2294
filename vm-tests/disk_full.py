# When the disk is full, is every acknowledged event kept, and does everything recover once there is space?

start_all()
wait_for_footfall(appliance)
client.wait_for_unit("multi-user.target")

stored = "SELECT count(*) FROM analytics_events WHERE event_type = 'load'"

with subtest("the disk fills up under load"):
    begin_load(client, "http://appliance/analytics")
    retry(lambda _last: int(ask_database(appliance, stored)) > 200, 60)
    # The second file fills the gaps that the first left.
    appliance.succeed(
        """fallocate -l "$(df --output=avail -B1 / | tail -1)" /var/tmp/filler || true
        dd if=/dev/zero of=/var/tmp/rest bs=4k status=none || true"""
    )

with subtest("then it answers that it cannot keep events"):
    client.wait_until_fails(posting("http://appliance/analytics", event("full")), timeout=90)

with subtest("once there is space, everything recovers by itself"):
    appliance.succeed("rm -f /var/tmp/filler /var/tmp/rest")
    retry(lambda _last: appliance.execute("curl -sf http://localhost/health | grep -q '\"kafkaReady\":true'")[0] == 0, 120)
    client.wait_until_succeeds(posting("http://appliance/analytics", event("room")), timeout=90)
    answers = end_load(client)
    wait_for_footfall(appliance)

with subtest("everything acknowledged is stored, once"):
    kept = acknowledged(answers)
    log.info(f"{len(kept)} of {len(answers)} events were acknowledged")
    t.assertGreater(len(answers), len(kept))
    wait_until_stored_once(appliance, kept)
