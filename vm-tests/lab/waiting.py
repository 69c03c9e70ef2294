"""Waiting for a condition while watching others."""

import time
from collections.abc import Callable
from typing import Any

from errors import Failed, TimedOut
from log import Logger

# The NixOS driver polls every second; here a poll costs a few milliseconds.
RETRY_INTERVAL_S = 0.2


def retry(fn: Callable[[bool], bool], timeout_seconds: int = 900) -> None:
    began = time.monotonic()
    while time.monotonic() - began < timeout_seconds:
        if fn(False):
            return
        time.sleep(RETRY_INTERVAL_S)
    if not fn(True):
        raise TimedOut(f"did not come true within {timeout_seconds} s")


class Conditions:
    """The polling conditions being watched: each command on a machine first checks those that are due."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._watched: list[_Condition] = []
        # A condition runs commands itself, which must not check it again.
        self._asking = False

    def check(self) -> None:
        if self._asking:
            return
        for condition in self._watched:
            if condition.is_due() and not self.ask(condition):
                raise Failed(f"no longer so: {condition.description}")

    def ask(self, condition: "_Condition") -> bool:
        self._asking = True
        try:
            with self._log.nested(f"polling: {condition.description}"):
                return condition.holds()
        finally:
            self._asking = False

    def polling_condition(
        self,
        fun_: Callable[[], bool | None] | None = None,
        *,
        seconds_interval: float = 2.0,
        description: str | None = None,
    ) -> Any:
        def poll(fun: Callable[[], bool | None]) -> "_Poll":
            return _Poll(self, _Condition(fun, seconds_interval, description or fun.__name__))

        return poll if fun_ is None else poll(fun_)

    def watch(self, condition: "_Condition") -> None:
        self._watched.append(condition)

    def leave(self, condition: "_Condition") -> None:
        self._watched.remove(condition)


class _Condition:
    def __init__(self, fun: Callable[[], bool | None], interval_s: float, description: str) -> None:
        self._fun = fun
        self._interval_s = interval_s
        self._asked: float | None = None
        self.description = description

    def is_due(self) -> bool:
        return self._asked is None or time.monotonic() - self._asked >= self._interval_s

    def holds(self) -> bool:
        self._asked = time.monotonic()
        try:
            # As in NixOS, a function that returns None holds if it raises nothing.
            return self._fun() is not False
        except Failed:
            return False


class _Poll:
    def __init__(self, conditions: Conditions, condition: _Condition) -> None:
        self._conditions = conditions
        self._condition = condition

    def __enter__(self) -> None:
        self._conditions.watch(self._condition)

    def __exit__(self, *_: object) -> None:
        self._conditions.leave(self._condition)

    def wait(self, timeout: int = 900) -> None:
        retry(lambda _last: self._conditions.ask(self._condition), timeout)
