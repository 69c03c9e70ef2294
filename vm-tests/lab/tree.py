"""Writing files into a machine's tree before it boots."""

import shutil
from pathlib import Path


class Tree:
    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, inside: str) -> Path:
        return self._root / inside.lstrip("/")

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        # What lies there may be a link that leads out of the tree.
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def copy(self, source: str, target: str) -> None:
        """Copies within the tree, as an administrator copies an example to where it is read."""
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

    def enable(self, unit: str, by: str = "multi-user.target") -> None:
        """What `systemctl enable` does for a unit that is wanted by a target."""
        self.link(f"/etc/systemd/system/{by}.wants/{unit}", f"/usr/lib/systemd/system/{unit}")

    def disable(self, unit: str, by: str = "multi-user.target") -> None:
        self.remove(f"/etc/systemd/system/{by}.wants/{unit}")

    def mask(self, unit: str) -> None:
        self.link(f"/etc/systemd/system/{unit}", "/dev/null")
