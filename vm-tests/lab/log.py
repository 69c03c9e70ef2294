"""A question's log while it runs: lines with the seconds since it began."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TextIO


class Logger:
    """The driver's `log`: everything goes to a file, and what a person wants to see also to standard output."""

    def __init__(self, file: TextIO, question: str) -> None:
        self._file = file
        self._question = question
        self._began = time.monotonic()
        self._depth = 0
        # (name, seconds, whether it held) of each subtest that ended.
        self.subtests: list[tuple[str, float, bool]] = []

    def write(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        for line in text.splitlines() or [""]:
            self._file.write(f"[{seconds:6.1f}] {'  ' * self._depth}{line}\n")
        self._file.flush()

    def show(self, text: str) -> None:
        self.write(text)
        sys.stdout.write(f"{self._question}: {text}\n")
        sys.stdout.flush()

    def info(self, *args: Any, **_kwargs: Any) -> None:
        self.write(" ".join(map(str, args)))

    def warning(self, *args: Any, **_kwargs: Any) -> None:
        self.show("warning: " + " ".join(map(str, args)))

    @contextmanager
    def nested(self, message: str, attributes: dict[str, str] = {}) -> Generator[None, None, None]:
        machine = attributes.get("machine")
        message = f"{machine}: {message}" if machine else message
        self.write(message)
        began = time.monotonic()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            self.write(f"({time.monotonic() - began:.2f} s: {message.splitlines()[0][:100]})")

    @contextmanager
    def subtest(self, name: str) -> Generator[None, None, None]:
        began = time.monotonic()
        held = False
        try:
            with self.nested(f"subtest: {name}"):
                yield
            held = True
        finally:
            seconds = time.monotonic() - began
            self.subtests.append((name, seconds, held))
            self.show(f"{'ok' if held else 'FAILED'} {seconds:5.1f} s  {name}")
