"""A machine's disk: a file with an ext4 file system, which holds the machine's changes to the layers below.

Its own file system makes a realistic power cut possible: an ioctl shuts ext4 down instantly (as xfstests does).
Data that was not synced is still in memory and is dropped; mounted again, ext4 recovers from its journal. This cannot
simulate a disk that loses data it reported as written, because the file below is in the host's cache.
"""

import fcntl
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from errors import LabError
from host import run

# _IOR('X', 125, __u32) and its flag "do not flush the journal".
FS_IOC_SHUTDOWN = 0x8004587D
GOING_FLAGS_NOLOGFLUSH = 2

UNMOUNT_S_MAX = 10.0


class Disk:
    def __init__(self, folder: Path, size_mb: int, layers: list[Path]) -> None:
        self._image = folder / "disk.img"
        self._disk = folder / "disk"
        # The mount point of the machine's whole tree.
        self.root = folder / "root"
        self._layers = layers
        self._mounted = False
        for path in (self._disk, self.root):
            path.mkdir(parents=True)
        with self._image.open("wb") as image:
            image.truncate(size_mb * 1_000_000)
        run("mkfs.ext4", "-q", "-F", "-m", "0", self._image)

    def mount(self) -> None:
        if self._mounted:
            return
        run("mount", "-o", "loop", self._image, self._disk)
        upper, work = self._disk / "upper", self._disk / "work"
        upper.mkdir(exist_ok=True)
        work.mkdir(exist_ok=True)
        below = ":".join(str(layer) for layer in self._layers)
        options = f"lowerdir={below},upperdir={upper},workdir={work}"
        run("mount", "-t", "overlay", "overlay", "-o", options, self.root)
        self._mounted = True

    def sync(self) -> None:
        """Syncs everything, as on a machine that was installed long before its power is cut."""
        run("sync", "--file-system", self._disk)

    def cut_power(self) -> None:
        """From now on nothing reaches the disk."""
        folder = os.open(self._disk, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, FS_IOC_SHUTDOWN, struct.pack("I", GOING_FLAGS_NOLOGFLUSH))
        finally:
            os.close(folder)

    def unmount(self) -> None:
        if not self._mounted:
            return
        for mount in (self.root, self._disk):
            _soon(lambda mount=mount: run("umount", mount))
        # While another process still has it mounted in its namespace, the next mount would be of the same ext4.
        _soon(self._check_detached)
        self._mounted = False

    def _check_detached(self) -> None:
        loops = run("losetup", "--noheadings", "--output", "NAME", "--associated", self._image)
        if loops:
            raise LabError(f"{self._image} is still mounted somewhere ({loops.strip()})")


def _soon(attempt: Callable[[], object]) -> None:
    began = time.monotonic()
    while True:
        try:
            attempt()
            return
        except LabError:
            if time.monotonic() - began > UNMOUNT_S_MAX:
                raise
            time.sleep(0.02)
