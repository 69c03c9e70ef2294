"""A machine with the methods of the NixOS driver, implemented by a container with Debian."""

import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from container import Container
from disk import Disk
from errors import Failed, TimedOut
from host import run
from log import Logger
from network import Network
from waiting import Conditions, retry


@dataclass
class Surroundings:
    """What the machines of a question share."""

    network: Network
    conditions: Conditions
    log: Logger
    # The folder for their logs and for files copied from them.
    results: Path
    # Their common parent cgroup.
    cgroup: str


class Machine:
    def __init__(self, name: str, disk: Disk, place: Callable[[Path], None], around: Surroundings) -> None:
        self.name = name
        self._disk = disk
        # Turns a Debian tree into this machine, before its first boot.
        self._place: Callable[[Path], None] | None = place
        self._around = around
        self._container: Container | None = None
        self._may_reboot = False
        self._console = around.results / f"{name}.console"
        self._console_from = 0
        self._said = around.results / f"{name}.stderr"

    # Power

    def start(self, allow_reboot: bool = False) -> None:
        if self._container is not None and self._container.is_running():
            return
        self.log("starts")
        self._gone()
        self._disk.mount()
        if self._place is not None:
            self._place(self._disk.root)
            self._place = None
            self._disk.sync()
        self._may_reboot = allow_reboot
        self._console.touch()
        self._console_from = self._console.stat().st_size
        self._container = Container(
            self.name,
            self._disk.root,
            self._around.network.path(self.name),
            f"{self._around.cgroup}/{self.name}",
            self._console,
        )

    def is_up(self) -> bool:
        return self._container is not None and self._container.is_connected()

    def shutdown(self) -> None:
        if self._container is None:
            return
        with self.nested("shuts down"):
            self._run("systemctl poweroff", None)
            self.wait_for_shutdown()

    def crash(self) -> None:
        if self._container is None:
            return
        with self.nested("losing power"):
            self._disk.cut_power()
            self._container.kill()
            self._gone()

    def reboot(self) -> None:
        if self._container is None:
            raise Failed(f"{self.name} is off and cannot be rebooted")
        with self.nested("reboots"):
            if self._may_reboot:
                self._container.press_ctrl_alt_delete()
            else:
                # As with QEMU's -no-reboot.
                self.shutdown()

    def wait_for_shutdown(self) -> None:
        if self._container is None:
            return
        with self.nested("waiting until it is off"):
            self._container.wait()
            self._gone()

    def block(self) -> None:
        self.log("network cable unplugged")
        self._around.network.plug(self.name, False)

    def unblock(self) -> None:
        self.log("network cable plugged in")
        self._around.network.plug(self.name, True)

    # Commands

    def execute(
        self, command: str, check_return: bool = True, check_output: bool = True, timeout: int | None = 900
    ) -> tuple[int, str]:
        self._around.conditions.check()
        if not check_output:
            subprocess.Popen(self._inside(command, timeout), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            return (-2, "")
        status, output = self._run(command, timeout)
        return (status if check_return else -1, output)

    def succeed(self, *commands: str, timeout: int | None = None) -> str:
        output = ""
        for command in commands:
            with self.nested(f"must succeed: {command}"):
                status, said = self.execute(command, timeout=timeout)
                if status != 0:
                    self.log(f"output: {said}")
                    raise Failed(f"{self.name}: `{command}` failed (exit code {status}): {self._last_words(said)}")
                output += said
        return output

    def fail(self, *commands: str, timeout: int | None = None) -> str:
        output = ""
        for command in commands:
            with self.nested(f"must fail: {command}"):
                status, said = self.execute(command, timeout=timeout)
                if status == 0:
                    raise Failed(f"{self.name}: `{command}` succeeded and should not: {said.strip()[-500:]}")
                output += said
        return output

    def wait_until_succeeds(self, command: str, timeout: int = 900) -> str:
        return self._wait_until(command, lambda status: status == 0, timeout, "success")

    def wait_until_fails(self, command: str, timeout: int = 900) -> str:
        return self._wait_until(command, lambda status: status != 0, timeout, "failure")

    def sleep(self, secs: int) -> None:
        self.succeed(f"sleep {secs}")

    # Units

    def systemctl(self, q: str, user: str | None = None) -> tuple[int, str]:
        if user is None:
            return self.execute(f"systemctl {q}")
        inner = shlex.quote(f"XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user {q}")
        return self.execute(f"su -l {user} --shell /bin/sh -c {inner}")

    def wait_for_unit(self, unit: str, user: str | None = None, timeout: int = 900) -> None:
        def is_active(_last: bool) -> bool:
            state = self.get_unit_property(unit, "ActiveState", user)
            if state == "failed":
                raise Failed(f"{self.name}: {unit} failed: {self._why_failed(unit)}")
            if state == "inactive" and "No jobs" in self.systemctl("list-jobs --full 2>&1", user)[1]:
                # It may have become active in the meantime.
                if self.get_unit_property(unit, "ActiveState", user) == "inactive":
                    raise Failed(f"{self.name}: {unit} is inactive, and no job is pending")
            return state == "active"

        with self.nested(f"waiting for {unit}"):
            self._retry(is_active, timeout, f"{unit} is not active")

    def get_unit_info(self, unit: str, user: str | None = None) -> dict[str, str]:
        status, lines = self.systemctl(f'--no-pager show "{unit}"', user)
        if status != 0:
            raise Failed(f"{self.name}: systemctl show {unit} failed with {status}")
        return dict(line.split("=", 1) for line in lines.splitlines() if "=" in line)

    def get_unit_property(self, unit: str, property: str, user: str | None = None) -> str:
        status, line = self.systemctl(f'--no-pager show "{unit}" --property="{property}"', user)
        name, equals, value = line.rstrip("\n").partition("=")
        if status != 0 or not equals or name != property:
            raise Failed(f"{self.name}: {unit} has no {property}: exit code {status}, {line!r}")
        return value

    def require_unit_state(self, unit: str, require_state: str = "active") -> None:
        state = self.get_unit_property(unit, "ActiveState")
        if state != require_state:
            raise Failed(f"{self.name}: {unit} is {state}, not {require_state}")

    def start_job(self, jobname: str, user: str | None = None) -> tuple[int, str]:
        return self.systemctl(f"start {jobname}", user)

    def stop_job(self, jobname: str, user: str | None = None) -> tuple[int, str]:
        return self.systemctl(f"stop {jobname}", user)

    # Files, ports, console

    def wait_for_file(self, filename: str, timeout: int = 900) -> None:
        self._wait_until(f"test -e {filename}", lambda status: status == 0, timeout, "the file")

    def wait_for_open_port(self, port: int, addr: str = "localhost", timeout: int = 900) -> None:
        self._wait_until(_connect(addr, port), lambda status: status == 0, timeout, "the port")

    def wait_for_closed_port(self, port: int, addr: str = "localhost", timeout: int = 900) -> None:
        self._wait_until(_connect(addr, port), lambda status: status != 0, timeout, "a closed port")

    def wait_for_open_unix_socket(self, addr: str, is_datagram: bool = False, timeout: int = 900) -> None:
        kind = "SOCK_DGRAM" if is_datagram else "SOCK_STREAM"
        connect = f"import socket; socket.socket(socket.AF_UNIX, socket.{kind}).connect({addr!r})"
        command = f"python3 -c {shlex.quote(connect)} 2>/dev/null"
        self._wait_until(command, lambda status: status == 0, timeout, "the socket")

    def get_console_log(self) -> str:
        if not self._console.exists():
            return ""
        with self._console.open("rb") as console:
            console.seek(self._console_from)
            return console.read().decode(errors="replace").replace("\r", "")

    def wait_for_console_text(self, regex: str, timeout: int | None = None) -> None:
        found = re.compile(regex)
        with self.nested(f"waiting for {regex} on the console"):
            self._retry(
                lambda _last: found.search(self.get_console_log()) is not None,
                # Without a timeout, the question's own applies.
                timeout or 86_400,
                f"the console does not show {regex}",
            )

    def copy_from_host(self, source: str, target: str) -> None:
        path = Path(source)
        pack = ["tar", "-C", str(path.parent), "--owner=0", "--group=0", "-c", path.name]
        into = f'''
            folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
            tar -C "$folder" -x; mkdir -p "$(dirname {shlex.quote(target)})"
            cp -r "$folder"/{shlex.quote(path.name)} {shlex.quote(target)}'''
        with self.nested(f"copying {source} to {target}"):
            packed = subprocess.run(pack, stdin=subprocess.DEVNULL, capture_output=True, check=True)
            done = subprocess.run(self._inside(into, None), input=packed.stdout, capture_output=True)
            if done.returncode != 0:
                raise Failed(f"{self.name}: {source} was not copied to {target}: {done.stderr.decode(errors='replace')}")

    def copy_from_machine(self, source: str, target_dir: str = "") -> None:
        folder = self._around.results / "out" / target_dir
        folder.mkdir(parents=True, exist_ok=True)
        path = Path(source)
        pack = f"tar -C {shlex.quote(str(path.parent))} -c {shlex.quote(path.name)}"
        with self.nested(f"copying {source} to {folder}"), tempfile.TemporaryFile() as packed:
            done = subprocess.run(self._inside(pack, None), stdin=subprocess.DEVNULL, stdout=packed)
            if done.returncode != 0:
                raise Failed(f"{self.name}: {source} cannot be copied")
            packed.seek(0)
            subprocess.run(["tar", "-C", str(folder), "-x"], stdin=packed, check=True)

    # Log

    def log(self, msg: str) -> None:
        self._around.log.info(f"{self.name}: {msg}")

    def nested(self, msg: str, attrs: dict[str, str] = {}) -> AbstractContextManager[None]:
        return self._around.log.nested(msg, {"machine": self.name, **attrs})

    # For the lab

    def release(self) -> None:
        """Kills it immediately and keeps its journal."""
        if self._container is not None and self._container.is_running():
            self._container.kill()
        if self._place is not None:
            return
        self._disk.mount()
        journal = run("chroot", self._disk.root, "journalctl", "--no-pager", "--output=short-precise", "--merge")
        (self._around.results / f"{self.name}.journal").write_text(journal)
        self._container = None
        self._disk.unmount()

    def failed_units(self) -> list[str]:
        if not self.is_up():
            return []
        _status, lines = self._run("systemctl list-units --failed --plain --no-legend", 30)
        return [line.split()[0] for line in lines.splitlines() if line.strip()]

    def _gone(self) -> None:
        self._container = None
        self._disk.unmount()

    def _inside(self, command: str, timeout: int | None) -> list[str]:
        self.start(self._may_reboot)
        assert self._container is not None
        leader = self._container.connect()
        limit = [] if timeout is None else ["timeout", str(timeout)]
        return self._container.command(leader, *limit, "bash", "-c", f"set -euo pipefail; {command}")

    def _run(self, command: str, timeout: int | None) -> tuple[int, str]:
        inside = self._inside(command, timeout)
        with self._said.open("ab") as said:
            said.write(f"$ {command}\n".encode())
            said.flush()
            done = subprocess.run(inside, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        return done.returncode, done.stdout.decode(errors="replace")

    def _last_words(self, said: str) -> str:
        """The end of what a failed command wrote to either stream."""
        errors = self._said.read_text(errors="replace").rsplit("\n$ ", 1)[-1].partition("\n")[2]
        return " | ".join(part for part in (said.strip()[-400:], errors.strip()[-800:]) if part)

    def _why_failed(self, unit: str) -> str:
        return self._run(f"journalctl --no-pager --output=cat --lines=15 --unit={shlex.quote(unit)}", 30)[1].strip()

    def _wait_until(self, command: str, holds: Callable[[int], bool], timeout: int, what: str) -> str:
        output = ""

        def check(_last: bool) -> bool:
            nonlocal output
            status, output = self.execute(command, timeout=timeout)
            return holds(status)

        with self.nested(f"waiting for {what}: {command}"):
            self._retry(check, timeout, f"`{command}`: no {what}")
        return output

    def _retry(self, check: Callable[[bool], bool], timeout: int, otherwise: str) -> None:
        try:
            retry(check, timeout)
        except TimedOut:
            raise TimedOut(f"{self.name}: {otherwise} within {timeout} s") from None


def _connect(addr: str, port: int) -> str:
    return f"timeout 5 bash -c 'exec 3<>/dev/tcp/{addr}/{port}' 2>/dev/null"
