"""The kinds of machines: what makes a Debian one of them before it boots first. vm-tests/nodes has them for NixOS."""

from collections.abc import Callable
from dataclasses import dataclass

from tree import Tree


@dataclass(frozen=True)
class Kind:
    place: Callable[[Tree], None]
    # Whether Footfall is installed on it.
    footfall: bool = False
    disk_mb: int = 3_000


def blank(_tree: Tree) -> None:
    """A Debian with nothing of ours."""


def client(_tree: Tree) -> None:
    """Has a browser (chromium, chromedriver), curl and Python, as every machine here."""


KINDS: dict[str, Kind] = {
    "blank": Kind(blank),
    "client": Kind(client),
}
