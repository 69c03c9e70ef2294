"""What a question's script may use: the part of the NixOS test driver's interface that both drivers provide.

The NixOS driver implements it with its own objects, `cargo xtask lab` with those of vm-tests/lab. Names, parameters and
defaults are those of NixOS (nixos-driver.json says of which commit), which a test checks.
Nothing here runs: scripts and lab are type-checked against it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Machine(Protocol):
    """A machine of a question. Methods that run commands start the machine if it is off."""

    @property
    def name(self) -> str: ...

    def start(self, allow_reboot: bool = False) -> None:
        """Starts booting without waiting. `reboot` needs allow_reboot; without it the machine stays off."""

    def is_up(self) -> bool: ...

    def shutdown(self) -> None:
        """Shuts down cleanly, and waits for it."""

    def crash(self) -> None:
        """Cuts the power: unsynced data is lost."""

    def reboot(self) -> None:
        """Presses Ctrl+Alt+Delete; the next command waits until the machine is up again."""

    def wait_for_shutdown(self) -> None: ...

    def block(self) -> None:
        """Unplugs the network cable."""

    def unblock(self) -> None: ...

    def execute(
        self, command: str, check_return: bool = True, check_output: bool = True, timeout: int | None = 900
    ) -> tuple[int, str]:
        """Runs a command in bash with `set -euo pipefail`; returns its exit code and standard output."""
        ...

    def succeed(self, *commands: str, timeout: int | None = None) -> str: ...

    def fail(self, *commands: str, timeout: int | None = None) -> str: ...

    def wait_until_succeeds(self, command: str, timeout: int = 900) -> str: ...

    def wait_until_fails(self, command: str, timeout: int = 900) -> str: ...

    def sleep(self, secs: int) -> None: ...

    def systemctl(self, q: str, user: str | None = None) -> tuple[int, str]: ...

    def wait_for_unit(self, unit: str, user: str | None = None, timeout: int = 900) -> None:
        """Waits until a unit is active; raises if it failed, or is inactive with no job pending."""

    def get_unit_info(self, unit: str, user: str | None = None) -> dict[str, str]: ...

    def get_unit_property(self, unit: str, property: str, user: str | None = None) -> str: ...

    def require_unit_state(self, unit: str, require_state: str = "active") -> None: ...

    def start_job(self, jobname: str, user: str | None = None) -> tuple[int, str]: ...

    def stop_job(self, jobname: str, user: str | None = None) -> tuple[int, str]: ...

    def wait_for_file(self, filename: str, timeout: int = 900) -> None: ...

    def wait_for_open_port(self, port: int, addr: str = "localhost", timeout: int = 900) -> None: ...

    def wait_for_closed_port(self, port: int, addr: str = "localhost", timeout: int = 900) -> None: ...

    def wait_for_open_unix_socket(self, addr: str, is_datagram: bool = False, timeout: int = 900) -> None: ...

    def wait_for_console_text(self, regex: str, timeout: int | None = None) -> None: ...

    def get_console_log(self) -> str: ...

    def copy_from_host(self, source: str, target: str) -> None:
        """Copies a file or folder from the machine on which the driver runs."""

    def copy_from_machine(self, source: str, target_dir: str = "") -> None:
        """Copies a file or folder to the question's results: target/lab/QUESTION/out here, $out with Nix."""

    def log(self, msg: str) -> None: ...


class Log(Protocol):
    def info(self, *args: Any, **kwargs: Any) -> None: ...

    def warning(self, *args: Any, **kwargs: Any) -> None: ...

    def nested(self, message: str, attributes: dict[str, str] = {}) -> AbstractContextManager[None]: ...


class Assertions(Protocol):
    """unittest's assertions; a failure shows what was compared."""

    def assertEqual(self, first: Any, second: Any, msg: Any = None) -> None: ...

    def assertIn(self, member: Any, container: Any, msg: Any = None) -> None: ...

    def assertNotIn(self, member: Any, container: Any, msg: Any = None) -> None: ...

    def assertTrue(self, expr: Any, msg: Any = None) -> None: ...

    def assertFalse(self, expr: Any, msg: Any = None) -> None: ...

    def assertGreater(self, a: Any, b: Any, msg: Any = None) -> None: ...

    def assertGreaterEqual(self, a: Any, b: Any, msg: Any = None) -> None: ...

    def assertLess(self, a: Any, b: Any, msg: Any = None) -> None: ...

    def assertLessEqual(self, a: Any, b: Any, msg: Any = None) -> None: ...


class Retry(Protocol):
    def __call__(self, fn: Callable[[bool], bool], timeout_seconds: int = 900) -> None:
        """Calls fn(False) until it returns True; the last time it is called with True."""


class PollingCondition(Protocol):
    def __call__(
        self,
        fun_: Callable[[], bool | None] | None = None,
        *,
        seconds_interval: float = 2.0,
        description: str | None = None,
    ) -> Any:
        """A condition that must stay true within the `with` block of its result; or call its wait() until it is true."""


class Driver(Protocol):
    """The predefined names of a script, besides its machines and `here`."""

    @property
    def start_all(self) -> Callable[[], None]: ...

    @property
    def join_all(self) -> Callable[[], None]: ...

    @property
    def subtest(self) -> Callable[[str], AbstractContextManager[None]]: ...

    @property
    def retry(self) -> Retry: ...

    @property
    def log(self) -> Log: ...

    @property
    def t(self) -> Assertions: ...

    @property
    def polling_condition(self) -> PollingCondition: ...
