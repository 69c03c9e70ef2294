"""The kinds of machines: what makes a Debian one of them before it boots first. vm-tests/nodes has them for NixOS."""

from collections.abc import Callable
from dataclasses import dataclass

from tree import Tree

SHARE = "/usr/share/footfall/nixos"


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


def appliance(tree: Tree) -> None:
    """Everything on one host, as an administrator of Debian sets it up from what `cargo xtask install` brought."""
    installed(tree)
    database(tree)
    web_server(tree)
    tree.enable("footfall.target")


def installed(tree: Tree) -> None:
    """The users; /etc/footfall comes by systemd-tmpfiles when the machine boots."""
    tree.run("systemd-sysusers")


def database(tree: Tree) -> None:
    ours, etc = f"{SHARE}/postgresql", "/etc/postgresql/17/main"
    tree.copy(f"{ours}/postgresql.conf", f"{etc}/conf.d/footfall.conf")
    # Before Debian's own lines: the first that fits decides.
    tree.write(f"{etc}/pg_hba.conf", tree.read(f"{ours}/pg_hba.conf") + tree.read(f"{etc}/pg_hba.conf"))
    tree.write(f"{etc}/pg_ident.conf", tree.read(f"{ours}/pg_ident.conf"))
    tree.enable("postgresql.service")


def web_server(tree: Tree) -> None:
    tree.remove("/etc/nginx/sites-enabled/default")
    tree.write(
        "/etc/nginx/sites-enabled/footfall",
        f"""\
include {SHARE}/nginx/footfall-upstreams.conf;
server {{
    listen 80 default_server;
    listen [::]:80 default_server;
    root /usr/share/footfall/web;
    include {SHARE}/nginx/footfall-locations.conf;
}}
""",
    )
    tree.enable("nginx.service")


KINDS: dict[str, Kind] = {
    "blank": Kind(blank),
    "client": Kind(client),
    "appliance": Kind(appliance, footfall=True),
}
