"""Drives Chromium on the machine to which it is copied: `python3 browser.py STEPS`. Needs only Python.

STEPS is a JSON list of steps; their results are written as a JSON list. The browser stays open with its tabs, so that the
next call continues where this one ended; the step `quit` ends it.

    ["open", "http://appliance/"]           loads a page and waits for it
    ["click", "#buy"]                       clicks the first matching element
    ["type", "#name", "Ann"]                types into it
    ["text", "h1"]                          its text
    ["wait_text", "#count", "^12$"]         waits until its text matches a regular expression, and returns it
    ["run", "return document.title"]        what JavaScript returns
    ["tab", "live"]                         switches to the tab of that name, and opens it if there is none
    ["press", "Enter"]                      presses a key by name or letter
    ["screenshot", "/tmp/page.png"]
    ["quit"]

It controls chromedriver by the WebDriver protocol (W3C).
"""

import base64
import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PORT = 9515
STATE = Path("/tmp/browser.json")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Enter": "\ue007", "Tab": "\ue004", "Escape": "\ue00c"}
# Enough for the first start of Chromium on a busy machine.
START_S_MAX = 60.0
WAIT_S_MAX = 30.0
WAIT_INTERVAL_S = 0.1


class Browser:
    def __init__(self, session: str, tabs: dict[str, str]) -> None:
        self._session = session
        self.tabs = tabs

    @property
    def session(self) -> str:
        return self._session

    def step(self, name: str, *rest: str) -> Any:
        return getattr(self, f"do_{name}")(*rest)

    def do_open(self, url: str) -> None:
        self._post("url", {"url": url})

    def do_click(self, selector: str) -> None:
        self._post(f"element/{self._find(selector)}/click", {})

    def do_type(self, selector: str, text: str) -> None:
        self._post(f"element/{self._find(selector)}/value", {"text": text})

    def do_press(self, key: str) -> None:
        value = KEYS.get(key, key)
        strokes = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._post("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def do_text(self, selector: str) -> str:
        return str(_ask("GET", f"{self._path}/element/{self._find(selector)}/text"))

    def do_wait_text(self, selector: str, pattern: str) -> str:
        began = time.monotonic()
        seen = "nothing"
        while time.monotonic() - began < WAIT_S_MAX:
            # One script, because a page that changes may replace an element between finding and reading it.
            script = "const found = document.querySelector(arguments[0]); return found && found.innerText"
            text = self._post("execute/sync", {"script": script, "args": [selector]})
            seen = repr(text)
            if text is not None and re.search(pattern, text):
                return str(text)
            time.sleep(WAIT_INTERVAL_S)
        raise SystemExit(f"{selector} does not match {pattern} within {WAIT_S_MAX:.0f} s; it is {seen}")

    def do_run(self, script: str) -> Any:
        return self._post("execute/sync", {"script": script, "args": []})

    def do_tab(self, name: str) -> None:
        if name not in self.tabs:
            self.tabs[name] = self._post("window/new", {"type": "tab"})["handle"]
        self._post("window", {"handle": self.tabs[name]})

    def do_screenshot(self, path: str) -> None:
        Path(path).write_bytes(base64.b64decode(_ask("GET", f"{self._path}/screenshot")))

    def do_quit(self) -> None:
        _ask("DELETE", self._path)
        STATE.unlink(missing_ok=True)

    @property
    def _path(self) -> str:
        return f"/session/{self._session}"

    def _find(self, selector: str) -> str:
        return str(self._post("element", {"using": "css selector", "value": selector})[ELEMENT])

    def _post(self, what: str, body: dict[str, Any]) -> Any:
        return _ask("POST", f"{self._path}/{what}", body)


def _ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", data, method=method)
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        said = json.load(error)["value"]
        raise SystemExit(f"{method} {path} {body}: {said['error']}: {said['message'].splitlines()[0]}") from None


def _start() -> Browser:
    subprocess.Popen(
        ["chromedriver", f"--port={PORT}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    began = time.monotonic()
    while not _is_ready():
        if time.monotonic() - began > START_S_MAX:
            raise SystemExit(f"chromedriver is not ready within {START_S_MAX:.0f} s")
        time.sleep(WAIT_INTERVAL_S)
    version = subprocess.run(["chromium", "--version"], capture_output=True, text=True, check=True).stdout
    major = re.search(r"\d+", version)
    assert major is not None, version
    chrome = f"Chrome/{major[0]}.0.0.0"
    arguments = [
        "--headless=new",
        # Chromium's sandbox does not work as root, and this machine is disposable.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
        # A person's browser; a headless one is counted as a bot.
        f"--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) {chrome} Safari/537.36",
    ]
    options = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments, "excludeSwitches": ["enable-automation"]}}
    session = _ask("POST", "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]
    return Browser(session, {"first": _ask("GET", f"/session/{session}/window")})


def _is_ready() -> bool:
    try:
        return bool(_ask("GET", "/status")["ready"])
    except OSError:
        return False


def main() -> None:
    if STATE.exists():
        state = json.loads(STATE.read_text())
        browser = Browser(state["session"], state["tabs"])
    else:
        browser = _start()
    STATE.write_text(json.dumps({"session": browser.session, "tabs": browser.tabs}))
    gave: list[Any] = []
    for name, *rest in json.loads(sys.argv[1]):
        gave.append(browser.step(name, *rest))
        if name != "quit":
            STATE.write_text(json.dumps({"session": browser.session, "tabs": browser.tabs}))
    print(json.dumps(gave))


if __name__ == "__main__":
    main()
