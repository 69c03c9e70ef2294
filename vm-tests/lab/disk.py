"""A machine's disk: a file with ext4 in it, which holds what the machine changed of the layers below.

A file system of its own lets the power be cut as it is: ext4 is told to stop at once (the ioctl that xfstests uses for
the same purpose). What was written and not synced stays in memory and is dropped; mounted again, ext4 recovers from its
journal. What no such test shows is a disk that loses what it said was written: the file below lies in the host's cache.
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
        # Where the machine's whole tree is while it is mounted.
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
        """Whoever installed the machine did so long before its power is cut."""
        run("sync", "--file-system", self._disk)

    def cut_power(self) -> None:
        """From here on nothing reaches the disk."""
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
        # While a last process holds it in a namespace of its own, the next mount would be of the same ext4.
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
