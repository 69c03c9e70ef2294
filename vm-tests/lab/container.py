"""Runs Debian's systemd as process 1 of a container under systemd-nspawn, and commands in it."""

import os
import signal
import subprocess
import time
from pathlib import Path

import isolate
from errors import LabError

BOOT_S_MAX = 60.0
# A poll costs some milliseconds; a boot takes a second or two.
ASK_INTERVAL_S = 0.05
GONE_INTERVAL_S = 0.01

ENVIRONMENT = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
    "PAGER=",
    "SYSTEMD_PAGER=",
]


class Container:
    """One boot of a machine, or several if it reboots itself."""

    def __init__(self, name: str, root: Path, network: str, cgroup: str, console: Path) -> None:
        self._name = name
        self._cgroup = isolate.CGROUPS / cgroup
        self._leader: int | None = None
        nspawn = [
            "systemd-nspawn",
            f"--directory={root}",
            "--boot",
            # The host may have no systemd with which to register, and no unit for the container.
            "--register=no",
            "--keep-unit",
            f"--network-namespace-path={network}",
            f"--machine={name}",
            f"--hostname={name}",
            # A real machine can set its addresses and firewall, and systemd filters units' addresses with BPF.
            "--capability=CAP_NET_ADMIN,CAP_BPF",
            "--system-call-filter=bpf",
            "--console=pipe",
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
            "--settings=no",
        ]
        with console.open("ab") as output:
            self._process = subprocess.Popen(
                [*isolate.in_cgroup(cgroup), *nspawn],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def is_running(self) -> bool:
        return self._process.poll() is None

    def is_connected(self) -> bool:
        return self.is_running() and self._leader is not None

    def connect(self) -> int:
        """Waits until systemd answers inside; its process id as seen from here."""
        if self._leader is not None and self.is_running():
            return self._leader
        began = time.monotonic()
        while time.monotonic() - began < BOOT_S_MAX:
            if not self.is_running():
                raise LabError(f"{self._name}: systemd-nspawn ended with {self._process.returncode} while it booted")
            leader = self._find_leader()
            if leader is not None and self._answers(leader):
                self._leader = leader
                return leader
            time.sleep(ASK_INTERVAL_S)
        raise LabError(f"{self._name}: systemd did not answer within {BOOT_S_MAX} s of its start")

    def command(self, leader: int, *command: str) -> list[str]:
        namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
        return ["nsenter", "--target", str(leader), *namespaces, "--", "env", "-i", *ENVIRONMENT, *command]

    def press_ctrl_alt_delete(self) -> None:
        leader = self.connect()
        os.kill(leader, signal.SIGINT)
        # nspawn reboots the container by itself; the next process 1 has another id.
        while self.is_running() and Path(f"/proc/{leader}").exists():
            time.sleep(ASK_INTERVAL_S)
        self._leader = None

    def wait(self) -> None:
        self._process.wait()
        self._leader = None

    def kill(self) -> None:
        """Kills all its processes at the same moment."""
        (self._cgroup / "cgroup.kill").write_text("1")
        self.wait()
        # The disk stays mounted until the last process is gone.
        while "populated 1" in (self._cgroup / "cgroup.events").read_text():
            time.sleep(GONE_INTERVAL_S)
        # A killed cgroup also kills what the next boot's systemd clones into it (Linux 6.18).
        for folder, _, _ in os.walk(self._cgroup, topdown=False):
            os.rmdir(folder)

    def _find_leader(self) -> int | None:
        nspawn = self._process.pid
        try:
            children = Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split()
            # Until it is systemd, the child has not fully entered the container.
            started = [pid for pid in children if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd"]
        # A child that ends meanwhile has no file, or one that cannot be read any more.
        except (FileNotFoundError, ProcessLookupError):
            return None
        return int(started[0]) if started else None

    def _answers(self, leader: int) -> bool:
        ask = self.command(leader, "systemctl", "show", "--property=Version")
        return subprocess.run(ask, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
