# What several scripts need. Each driver runs this file's text before a question's.

import json
import shlex
import uuid


def event(event_type: str, button: str = "") -> str:
    """The JSON of an event that can be sent twice and is counted once."""
    return json.dumps(
        {
            "event_id": str(uuid.uuid4()),
            "event_type": event_type,
            "page_url": "http://appliance/",
            "session_id": str(uuid.uuid4()),
            "button_id": button,
        }
    )


def send(machine: "Machine", url: str, body: str) -> None:
    """Sends what one or more events say; raises unless it is answered with 2xx."""
    machine.succeed(
        f"curl -sS --fail-with-body --max-time 30 -H 'Content-Type: application/json' -d {shlex.quote(body)} {url}"
    )


def ask_database(machine: "Machine", sql: str, database: str = "analytics") -> str:
    """Asks as its administrator; rows come as lines, columns with | between them."""
    psql = f"psql --no-psqlrc -qAt -v ON_ERROR_STOP=1 -d {database} -c {shlex.quote(sql)}"
    return machine.succeed(f"runuser -u postgres -- {psql}").strip()


def wait_for_rows(machine: "Machine", event_type: str, count: int, timeout: int = 60) -> None:
    """Waits until there are that many events of a type. More are never right."""
    rows = f"SELECT count(*) FROM analytics_events WHERE event_type = '{event_type}'"
    found = -1

    def are_there(_last: bool) -> bool:
        nonlocal found
        found = int(ask_database(machine, rows))
        return found >= count

    retry(are_there, timeout)
    t.assertEqual(found, count)
