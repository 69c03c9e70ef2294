"""Namespaces of a question's own. Its mounts, links and processes end with it, also where it is killed.

Nothing here is undone by code that might not run: the kernel removes what is left when the last process is gone.
"""

import sys
from pathlib import Path

from host import run

CGROUPS = Path("/sys/fs/cgroup")


def command(script: Path, *arguments: str) -> list[str]:
    """Runs a Python file as process 1 of namespaces of its own; it dies with the process that started it."""
    dies_with_us = ["setpriv", "--pdeathsig", "KILL"]
    unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"]
    return [*dies_with_us, *unshare, sys.executable, str(script), *arguments]


def enter() -> None:
    """To be called first in such a process."""
    # A container begins with a copy of these mounts; so what is unmounted here goes in there too.
    run("mount", "--make-rshared", "/")
    # The host's /run has names that belong to others: network namespaces, nspawn's locks.
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    Path("/run/netns").mkdir()
    # systemd 257 boots on cgroup2 alone, and a host may have it mounted elsewhere.
    run("mount", "-t", "cgroup2", "cgroup2", CGROUPS)


def in_cgroup(name: str) -> list[str]:
    """What a command is preceded by, so that it and what it starts are in a cgroup of their own."""
    cgroup = CGROUPS / name
    cgroup.mkdir(parents=True, exist_ok=True)
    return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(cgroup)]


def remove_cgroups(name: str) -> None:
    """What a question that was killed leaves behind: a tree of cgroups, which are empty when its last process is gone."""
    script = """mount -t cgroup2 cgroup2 "$1" && cd "$1" || exit 1
        for _ in $(seq 200); do
            [ -d "$2" ] || exit 0
            find "$2" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.05
        done
        exit 1"""
    run("unshare", "--mount", "sh", "-c", script, "sh", CGROUPS, name)
