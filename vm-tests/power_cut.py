# Does a power cut of the whole machine, under load, lose nothing that was acknowledged and store nothing twice?

CUTS = 2

start_all()
wait_for_footfall(appliance)
client.wait_for_unit("multi-user.target")

answers: list[tuple[str, str]] = []
for cut in range(1, CUTS + 1):
    with subtest(f"cut {cut}"):
        begin_load(client, "http://appliance/analytics")
        stored = "SELECT count(*) FROM analytics_events WHERE event_type = 'load'"
        before = int(ask_database(appliance, stored))
        retry(lambda _last: int(ask_database(appliance, stored)) > before + 200, 60)
        # Proves that it is a power cut: unsynced data is gone afterwards. A new file each time, because ext4 writes the data of one that
        # is replaced with its next commit, which any service's fsync may cause.
        appliance.succeed(f"echo lost > /root/unsynced-{cut}")
        appliance.crash()
        # The client keeps sending meanwhile: nothing may be acknowledged that is not kept.
        appliance.start()
        wait_for_footfall(appliance)
        appliance.fail(f"grep -q lost /root/unsynced-{cut}")
        after = int(ask_database(appliance, stored))
        retry(lambda _last: int(ask_database(appliance, stored)) > after + 100, 60)
        answers += end_load(client)

with subtest("everything acknowledged is stored, once"):
    kept = acknowledged(answers)
    t.assertGreater(len(kept), 500)
    # Otherwise no event was sent during the cut.
    t.assertGreater(len(answers), len(kept))
    log.info(f"{len(kept)} of {len(answers)} events were acknowledged")
    wait_until_stored_once(appliance, kept)

with subtest("the roll-up matches the rows"):
    rows = "SELECT count(*) FROM analytics_events WHERE event_type = 'load'"
    rolled_up = "SELECT sum(event_count) FROM analytics_summary WHERE event_type = 'load'"
    t.assertEqual(ask_database(appliance, rolled_up), ask_database(appliance, rows))
