# Helpers for all scripts. Each driver runs this file before a question's script.

import json
import shlex
import uuid
from typing import Any


def event(event_type: str, button: str = "") -> str:
    """The JSON of an event with an id: sent twice, it is still counted once."""
    return json.dumps(
        {
            "event_id": str(uuid.uuid4()),
            "event_type": event_type,
            "page_url": "http://appliance/",
            "session_id": str(uuid.uuid4()),
            "button_id": button,
        }
    )


def posting(url: str, body: str) -> str:
    """A command that posts the JSON of one or more events, as a page of the same host does; it fails unless the answer is 2xx."""
    page = url.removesuffix("/analytics")
    headers = f"-H 'Content-Type: application/json' -H 'Origin: {page}'"
    return f"curl -sS --fail-with-body --max-time 30 {headers} -d {shlex.quote(body)} {url}"


def send(machine: "Machine", url: str, body: str) -> None:
    """Posts the JSON of one or more events; raises unless the answer is 2xx."""
    machine.succeed(posting(url, body))


def ask_database(machine: "Machine", sql: str, database: str = "analytics") -> str:
    """Runs a query as the superuser; returns one line per row, with columns separated by |."""
    psql = f"psql --no-psqlrc -qAt -v ON_ERROR_STOP=1 -d {database} -c {shlex.quote(sql)}"
    return machine.succeed(f"runuser -u postgres -- {psql}").strip()


def wait_for_rows(machine: "Machine", event_type: str, count: int, timeout: int = 60) -> None:
    """Waits until there are exactly `count` events of a type. More is an error."""
    rows = f"SELECT count(*) FROM analytics_events WHERE event_type = '{event_type}'"
    found = -1

    def are_there(_last: bool) -> bool:
        nonlocal found
        found = int(ask_database(machine, rows))
        return found >= count

    retry(are_there, timeout)
    t.assertEqual(found, count)


def begin_load(machine: "Machine", url: str, connections: int = 8) -> None:
    """Sends events from a machine until `end_load`."""
    machine.copy_from_host(f"{here}/load.py", "/root/load.py")
    machine.succeed(f"systemd-run --quiet --unit=load python3 /root/load.py {url} /root/answers {connections}")


def end_load(machine: "Machine") -> list[tuple[str, str]]:
    """Stops the load; returns each event's id and the answer."""
    machine.succeed("systemctl stop load")
    lines = machine.succeed("cat /root/answers").splitlines()
    return [(line.split()[0], line.split()[1]) for line in lines]


def wait_until_stored_once(machine: "Machine", ids: list[str], timeout: int = 120) -> None:
    """Waits until each of these events is a row; no event may have two."""
    machine.succeed("rm -f /tmp/ids")
    # In batches, because a command is passed as an argument, which is limited to 128 KiB.
    for first in range(0, len(ids), 1_000):
        machine.succeed(f"cat >> /tmp/ids <<'END'\n{chr(10).join(ids[first : first + 1_000])}\nEND")
    machine.succeed("touch /tmp/ids && chmod 644 /tmp/ids")
    count = "SELECT count(*) FROM wanted WHERE id NOT IN (SELECT event_id FROM analytics_events)"
    ask = f"CREATE TEMP TABLE wanted (id uuid); COPY wanted FROM '/tmp/ids'; {count}"
    missing = len(ids)

    def none_is_missing(_last: bool) -> bool:
        nonlocal missing
        missing = int(ask_database(machine, ask))
        return missing == 0

    try:
        retry(none_is_missing, timeout)
    finally:
        log.info(f"{missing} of {len(ids)} acknowledged events are not stored")
    twice = "SELECT count(*) FROM (SELECT 1 FROM analytics_events GROUP BY event_id HAVING count(*) > 1) AS twice"
    t.assertEqual(ask_database(machine, twice), "0", "events that are stored more than once")


def acknowledged(answers: list[tuple[str, str]]) -> list[str]:
    return [event_id for event_id, said in answers if said == "200"]


def wait_for_footfall(machine: "Machine", timeout: int = 180) -> None:
    for unit in ("footfall-migrate.service", "footfall-topics.service", "footfall-ingest.service"):
        machine.wait_for_unit(unit, timeout=timeout)
    for unit in ("footfall-sink@4195.service", "footfall-view.service"):
        machine.wait_for_unit(unit, timeout=timeout)
    machine.wait_for_open_port(80)


def browse(machine: "Machine", *steps: list[str]) -> list[Any]:
    """Runs steps of vm-tests/browser.py in Chromium on a machine; returns their results."""
    if machine.execute("test -e /root/browser.py")[0] != 0:
        machine.copy_from_host(f"{here}/browser.py", "/root/browser.py")
    gave: list[Any] = json.loads(machine.succeed(f"python3 /root/browser.py {shlex.quote(json.dumps(steps))}"))
    return gave
