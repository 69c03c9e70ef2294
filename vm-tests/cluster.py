# On six hosts: when one ingest and then one sink loses power, does the pipeline keep working, and is nothing lost or doubled?

STORED = "SELECT count(*) FROM analytics_events WHERE event_type = 'load'"


def stored() -> int:
    return int(ask_database(database, STORED))


def goes_on(events: int = 200) -> None:
    before = stored()
    retry(lambda _last: stored() > before + events, 90)


start_all()

with subtest("all hosts reach each other"):
    database.wait_for_unit("footfall-migrate.service")
    ask_database(database, "ALTER ROLE footfall_writer PASSWORD 'password of this test'")
    kafka.wait_for_unit("footfall-topics.service")
    for each in (ingest1, ingest2):
        each.wait_for_unit("footfall-ingest.service")
        each.wait_for_open_port(3001)
    for each in (sink1, sink2):
        each.wait_for_unit("footfall-sink@4195.service")

with subtest("events arrive through both ingests"):
    begin_load(client, "http://ingest1:3001/analytics,http://ingest2:3001/analytics")
    goes_on()

with subtest("one ingest loses power"):
    ingest1.crash()
    goes_on()

with subtest("one sink loses power, and the other takes over"):
    sink1.crash()
    goes_on()

with subtest("both come back"):
    ingest1.start()
    sink1.start()
    ingest1.wait_for_unit("footfall-ingest.service")
    sink1.wait_for_unit("footfall-sink@4195.service")
    goes_on()

with subtest("the database is down for a while"):
    database.block()
    client.sleep(3)
    database.unblock()
    goes_on()

with subtest("everything acknowledged is stored, once"):
    answers = end_load(client)
    kept = acknowledged(answers)
    log.info(f"{len(kept)} of {len(answers)} events were acknowledged")
    t.assertGreater(len(kept), 1_000)
    wait_until_stored_once(database, kept)
