"""Writing files into a machine's tree before it boots."""

import shutil
from pathlib import Path

from host import run


class Tree:
    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, inside: str) -> Path:
        return self._root / inside.lstrip("/")

    def read(self, inside: str) -> str:
        return self.path(inside).read_text()

    def run(self, *command: str) -> None:
        """Runs a program of the tree in a chroot."""
        run("chroot", self._root, *command)

    def write(self, inside: str, text: str, mode: int | None = None) -> None:
        """Writes a file; an existing one keeps its owner and mode."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            # A link may point out of the tree.
            path.unlink()
        path.write_text(text)
        if mode is not None:
            path.chmod(mode)

    def copy(self, source: str, target: str) -> None:
        """Copies within the tree, as an administrator copies an example into place."""
        path = self.path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.path(source), path)

    def link(self, inside: str, target: str) -> None:
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def remove(self, inside: str) -> None:
        self.path(inside).unlink(missing_ok=True)

    def enable(self, unit: str, by: str = "multi-user.target", file: str | None = None) -> None:
        """What `systemctl add-wants` does: a target wants the unit, whose file is `file` if it is an instance."""
        self.link(f"/etc/systemd/system/{by}.wants/{unit}", f"/usr/lib/systemd/system/{file or unit}")

    def drop_in(self, unit: str, text: str) -> None:
        """What `systemctl edit` does."""
        self.write(f"/etc/systemd/system/{unit}.d/override.conf", text)

    def disable(self, unit: str, by: str = "multi-user.target") -> None:
        self.remove(f"/etc/systemd/system/{by}.wants/{unit}")

    def mask(self, unit: str) -> None:
        self.link(f"/etc/systemd/system/{unit}", "/dev/null")
