"""Separate namespaces for each question, so that its mounts, links and processes end with it, even if it is killed.

No cleanup code is needed, which might not run: the kernel removes everything when the last process is gone.
"""

import sys
from pathlib import Path

from host import run

CGROUPS = Path("/sys/fs/cgroup")


def command(script: Path, *arguments: str) -> list[str]:
    """Runs a Python file as process 1 of new namespaces; it dies with the process that started it."""
    dies_with_us = ["setpriv", "--pdeathsig", "KILL"]
    unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"]
    return [*dies_with_us, *unshare, sys.executable, str(script), *arguments]


def enter() -> None:
    """To be called first in such a process."""
    # A container starts with a copy of these mounts; shared, so that an unmount here also happens there.
    run("mount", "--make-rshared", "/")
    # The host's /run contains other questions' names: network namespaces, nspawn's locks.
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    Path("/run/netns").mkdir()
    # systemd 257 needs cgroup2, and a host may have it mounted elsewhere.
    run("mount", "-t", "cgroup2", "cgroup2", CGROUPS)


def in_cgroup(name: str) -> list[str]:
    """The prefix of a command that runs it and its children in a separate cgroup."""
    cgroup = CGROUPS / name
    cgroup.mkdir(parents=True, exist_ok=True)
    return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(cgroup)]


def remove_cgroups(name: str) -> None:
    """Removes the cgroups that a killed question leaves behind; they are empty once its last process is gone."""
    script = """mount -t cgroup2 cgroup2 "$1" && cd "$1" || exit 1
        for _ in $(seq 200); do
            [ -d "$2" ] || exit 0
            find "$2" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.05
        done
        exit 1"""
    run("unshare", "--mount", "sh", "-c", script, "sh", CGROUPS, name)
