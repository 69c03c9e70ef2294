"""The layers that all machines share, read-only: Debian, what makes it bootable within a second, and Footfall.

Run as a file, it prepares the second one: `layers.py ROOT FOLDER CGROUP`.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import isolate
from host import run
from tree import Tree

# No question needs these, and each slows down the boot.
MASKED = [
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "fstrim.timer",
    "getty@tty1.service",
    "systemd-pstore.service",
]


def prepared(root: Path, folder: Path) -> Path:
    """The prepared layer in `folder`, rebuilt if Debian or this file changed."""
    recipe = (root / "footfall.stamp").read_bytes() + b"".join(path.read_bytes() for path in _recipe_files())
    wanted = hashlib.sha256(recipe).hexdigest()
    stamp = folder / "stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        run("rm", "-rf", folder)
        folder.mkdir(parents=True)
        cgroup = f"footfall-lab-{os.getpid()}-prepare"
        try:
            subprocess.run(isolate.command(Path(__file__), str(root), str(folder), cgroup), check=True)
        finally:
            isolate.remove_cgroups(cgroup)
        stamp.write_text(wanted)
    return folder / "upper"


def _recipe_files() -> list[Path]:
    here = Path(__file__)
    return [here, here.with_name("tree.py")]


def _prepare(root: Path, folder: Path, cgroup: str) -> None:
    isolate.enter()
    upper, work, merged = (folder / name for name in ("upper", "work", "root"))
    for path in (upper, work, merged):
        path.mkdir()
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={root},upperdir={upper},workdir={work}", merged)
    tree = Tree(merged)
    for unit in MASKED:
        tree.mask(unit)
    for unit in ("nginx.service", "postgresql.service"):
        # Each kind of machine enables those that it runs.
        tree.disable(unit)
    tree.write("/etc/resolv.conf", "")
    # The journal is kept across reboots, and read when the machine is off.
    tree.path("/var/log/journal").mkdir(exist_ok=True)
    # Setup puts its own file there, so that installing creates no cluster; this restores Debian's.
    tree.copy("/usr/share/postgresql-common/createcluster.conf", "/etc/postgresql-common/createcluster.conf")
    # A cluster with checksums, as on any new Debian; created once because it takes seconds.
    nspawn = [*isolate.in_cgroup(cgroup), "systemd-nspawn", f"--directory={merged}", "--register=no", "--keep-unit", "--as-pid2", "--pipe"]
    run(*nspawn, "--setenv=LANG=C.UTF-8", "pg_createcluster", "17", "main")
    run("umount", merged)


if __name__ == "__main__":
    _prepare(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
