"""Sends events until it is stopped, and records the answers: `python3 load.py URLS FILE [CONNECTIONS]`.

With several URLs, separated by commas, a connection that breaks continues with the next one.

Copied onto the machine that sends. Each line of FILE is an event's id and the status of the answer, or a word for what
happened instead. Each event is sent once: if it was answered with 2xx, it must be stored.
SIGTERM ends it after the requests in progress.
"""

import http.client
import itertools
import json
import signal
import sys
import threading
import time
import urllib.parse
import uuid

# The pause before retrying a server that is down.
PAUSE_S = 0.05
ANSWER_S_MAX = 30.0

stopped = threading.Event()


def send(urls: list[urllib.parse.SplitResult], answers: list[tuple[str, str]], lock: threading.Lock) -> None:
    session = str(uuid.uuid4())
    turn = itertools.cycle(urls)
    url = next(turn)
    connection: http.client.HTTPConnection | None = None
    while not stopped.is_set():
        event_id = str(uuid.uuid4())
        event = {
            "event_id": event_id,
            "event_type": "load",
            "page_url": "http://appliance/load",
            "session_id": session,
        }
        try:
            if connection is None:
                connection = http.client.HTTPConnection(url.netloc, timeout=ANSWER_S_MAX)
            # As a page of the same host.
            headers = {"Content-Type": "application/json", "Origin": f"http://{url.netloc}"}
            connection.request("POST", url.path, json.dumps(event), headers)
            answer = connection.getresponse()
            answer.read()
            said = str(answer.status)
        except (OSError, http.client.HTTPException) as error:
            connection, url = None, next(turn)
            said = type(error).__name__
        with lock:
            answers.append((event_id, said))
        if said != "200":
            time.sleep(PAUSE_S)


def main() -> None:
    urls, file = [urllib.parse.urlsplit(url) for url in sys.argv[1].split(",")], sys.argv[2]
    connections = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _signal, _frame: stopped.set())
    answers: list[tuple[str, str]] = []
    lock = threading.Lock()
    threads = [
        threading.Thread(target=send, args=(urls[turn % len(urls) :] + urls[: turn % len(urls)], answers, lock))
        for turn in range(connections)
    ]
    for thread in threads:
        thread.start()
    stopped.wait()
    for thread in threads:
        thread.join()
    with open(file, "w") as out:
        out.writelines(f"{event_id} {said}\n" for event_id, said in answers)


if __name__ == "__main__":
    main()
