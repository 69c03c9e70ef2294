"""The kinds of machines: each function turns a Debian tree into one before its first boot. vm-tests/nodes is for NixOS."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from errors import LabError
from host import run
from tree import Tree

SHARE = "/usr/share/footfall/nixos"
SITE = f"    root /usr/share/footfall/web;\n    include {SHARE}/nginx/footfall-locations.conf;\n"
# A host's system, built by Nix.
NIX_SYSTEM = Path(__file__).parents[2] / "target/nix/appliance"
# The domain name of the appliance with certificates.
NAME = "stats.example"
# In a cluster, the broker is on the machine of that name.
KAFKA = "kafka:9092"


# Units that the light profile does not run.
NOT_LIGHT = ["footfall-kafka.service", "footfall-topics.service", "footfall-sink@4195.service"]


@dataclass(frozen=True)
class Kind:
    place: Callable[[Tree], None]
    # Whether Footfall is installed on it.
    footfall: bool = False
    disk_mb: int = 3_000


def blank(_tree: Tree) -> None:
    """A Debian with nothing of ours."""


def debian(_tree: Tree) -> None:
    """Has Debian's packages and the files of `cargo xtask install`, with nothing configured."""


def client(_tree: Tree) -> None:
    """Has a browser (chromium, chromedriver), curl and Python, like every machine here."""


def appliance(tree: Tree) -> None:
    """Everything on one host, as a Debian administrator sets it up from the files of `cargo xtask install`."""
    installed(tree)
    database(tree)
    web_server(tree, f"server {{\n    listen 80 default_server;\n    listen [::]:80 default_server;\n{SITE}}}\n")
    tree.enable("footfall.target")


def light(tree: Tree) -> None:
    """The light profile with the same units: no Kafka, sink or nginx. Its owner runs `become-appliance` later."""
    installed(tree)
    database(tree)
    tree.copy(f"{SHARE}/postgresql/light.conf", "/etc/postgresql/17/main/conf.d/light.conf")
    own = tree.read(f"{SHARE}/footfall/ingest.toml")
    tree.write("/etc/footfall/ingest.toml", f'store = "postgresql"\n\n{own}')
    site = '[site]\ndir = "/usr/share/footfall/web"\ningest = "127.0.0.1:3001"\n'
    tree.write("/etc/footfall/view.toml", site)
    tree.drop_in("footfall-view.socket", "[Socket]\nListenStream=\nListenStream=80\n")
    for unit in NOT_LIGHT:
        tree.mask(unit)
    tree.enable("footfall.target")
    web_server(tree, f"server {{\n    listen 80 default_server;\n{SITE}}}\n")
    tree.disable("nginx.service")
    tree.write(
        "/usr/local/bin/become-appliance",
        f"""\
#!/bin/sh
set -eu
systemctl stop footfall.target footfall-view.socket footfall-view.service footfall-ingest.service
rm /etc/postgresql/17/main/conf.d/light.conf /etc/footfall/view.toml
rm -r /etc/systemd/system/footfall-view.socket.d
cp {SHARE}/footfall/ingest.toml {SHARE}/footfall/view.toml /etc/footfall
systemctl unmask {" ".join(NOT_LIGHT)}
systemctl restart postgresql@17-main
systemctl enable --now nginx
systemctl start footfall-view.socket footfall.target
""",
        0o755,
    )


def installed(tree: Tree) -> None:
    """Creates the users; systemd-tmpfiles creates /etc/footfall when the machine boots."""
    tree.run("systemd-sysusers")
    # Of these tests one client sends what thousands would.
    tree.drop_in("footfall-ingest.service", "[Service]\nEnvironment=FOOTFALL_RATES__EVENTS_PER_S=0\n")


def database_host(tree: Tree) -> None:
    """PostgreSQL for other hosts on the network, which log in with a password."""
    installed(tree)
    database(tree)
    tree.write("/etc/postgresql/17/main/conf.d/network.conf", "listen_addresses = '*'\n")
    hba = "/etc/postgresql/17/main/pg_hba.conf"
    tree.write(hba, "host analytics footfall_writer,footfall_reader samenet scram-sha-256\n" + tree.read(hba))
    tree.enable("footfall-migrate.service")


def kafka_host(tree: Tree) -> None:
    """One broker for other hosts, with the topics."""
    installed(tree)
    # The broker advertises its listen address to its controller, so it must be one address and not all.
    own = next(line.split()[0] for line in tree.read("/etc/hosts").splitlines() if line.split()[1:] == ["kafka"])
    command = f"/usr/bin/footfall kafka --dir ${{STATE_DIRECTORY}} --listen {own} --advertise kafka"
    tree.drop_in("footfall-kafka.service", f"[Service]\nExecStart=\nExecStart={command}\n")
    topics_elsewhere(tree)
    for unit in ("footfall-kafka.service", "footfall-topics.service"):
        tree.enable(unit)


def ingest_host(tree: Tree) -> None:
    installed(tree)
    topics_elsewhere(tree)
    tree.drop_in("footfall-ingest.socket", "[Socket]\nListenStream=\nListenStream=3001\n")
    tree.write("/etc/footfall/ingest.toml", f'kafka.bootstrap_servers = "{KAFKA}"\n')
    # The same on every host, so that a visitor is recognized by each of them.
    tree.write("/var/lib/footfall/secrets/privacy.visitor_secret", "a secret of this test alone\n", 0o600)
    for unit in ("footfall-ingest.socket", "footfall-ingest.service"):
        tree.enable(unit)


def sink_host(tree: Tree) -> None:
    installed(tree)
    topics_elsewhere(tree)
    # The database is migrated on its own host.
    tree.mask("footfall-migrate.service")
    url = "host=database user=footfall_writer dbname=analytics"
    tree.write("/etc/footfall/sink.toml", f'kafka.bootstrap_servers = "{KAFKA}"\ndatabase.url = "{url}"\n')
    tree.write("/etc/footfall/database.password", "password of this test\n", 0o600)
    # The host's name, so that no two sinks have the same name in their group.
    password = "LoadCredential=database.password:/etc/footfall/database.password"
    tree.drop_in("footfall-sink@.service", f"[Service]\n{password}\n")
    tree.enable("footfall-sink@4195.service", file="footfall-sink@.service")


def topics_elsewhere(tree: Tree) -> None:
    tree.drop_in("footfall-topics.service", f"[Service]\nEnvironment=FOOTFALL_BOOTSTRAP_SERVERS={KAFKA}\n")


def database(tree: Tree) -> None:
    ours, etc = f"{SHARE}/postgresql", "/etc/postgresql/17/main"
    tree.copy(f"{ours}/postgresql.conf", f"{etc}/conf.d/footfall.conf")
    # Before Debian's own lines: the first match decides.
    tree.write(f"{etc}/pg_hba.conf", tree.read(f"{ours}/pg_hba.conf") + tree.read(f"{etc}/pg_hba.conf"))
    tree.write(f"{etc}/pg_ident.conf", tree.read(f"{ours}/pg_ident.conf"))
    tree.enable("postgresql.service")


def appliance_tls(tree: Tree) -> None:
    """An appliance with a domain name and the owner's certificates. The test's own files are in /etc/tls."""
    installed(tree)
    database(tree)
    tree.path("/etc/tls").mkdir()
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    tree.run(*new, "-subj", "/CN=test", "-keyout", "/etc/tls/ca.key", "-out", "/etc/tls/ca.pem")
    names = f"subjectAltName=DNS:{NAME}"
    own = ["-CA", "/etc/tls/ca.pem", "-CAkey", "/etc/tls/ca.key", "-addext", names, "-addext", "basicConstraints=CA:FALSE"]
    tree.run(*new, *own, "-subj", f"/CN={NAME}", "-keyout", "/etc/tls/own.key", "-out", "/etc/tls/own.pem")
    web_server(
        tree,
        f"""\
server {{
    listen 80 default_server;
    listen [::]:80 default_server;
    return 301 https://{NAME}$request_uri;
}}
server {{
    listen 443 ssl default_server;
    listen [::]:443 ssl default_server;
    ssl_reject_handshake on;
}}
server {{
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name {NAME};
    ssl_certificate /etc/tls/own.pem;
    ssl_certificate_key /etc/tls/own.key;
{SITE}}}
""",
    )
    tree.enable("footfall.target")


def web_server(tree: Tree, servers: str) -> None:
    tree.remove("/etc/nginx/sites-enabled/default")
    tree.write("/etc/nginx/sites-enabled/footfall", f"include {SHARE}/nginx/footfall-clients.conf;\ninclude {SHARE}/nginx/footfall-upstreams.conf;\n{servers}")
    tree.enable("nginx.service")


def nix_appliance(tree: Tree) -> None:
    """The appliance that `cargo xtask nix` built (target/nix/appliance) on Debian's systemd, with Debian's PostgreSQL,
    nginx and Java."""
    if not NIX_SYSTEM.exists():
        raise LabError(f"{NIX_SYSTEM} is not there: run `cargo xtask nix` first")
    # Of the installed Footfall, keep only Kafka's jars: everything else comes from the Nix store.
    tree.run("sh", "-c", "rm -r /usr/bin/footfall* /usr/share/footfall/[!k]* /usr/lib/systemd/system/footfall*")
    tree.run("sh", "-c", "rm /usr/lib/sysusers.d/footfall.conf /usr/lib/tmpfiles.d/footfall.conf")
    store = tree.path("/nix/store")
    store.mkdir(parents=True)
    run("cp", "-r", *run("nix-store", "--query", "--requisites", NIX_SYSTEM.resolve()).split(), store)
    # No service's user may own files in the store.
    run("chown", "-R", "root:root", store)
    etc = NIX_SYSTEM.resolve() / "etc"
    for entry in sorted(etc.iterdir()):
        if entry.name != "systemd":
            for file in [entry] if entry.is_file() else sorted(entry.iterdir()):
                tree.link(f"/etc/{file.relative_to(etc)}", str(file.resolve()))
    for unit in sorted((etc / "systemd/system").resolve().iterdir()):
        for file in sorted(unit.iterdir()) if unit.is_dir() else [unit]:
            tree.link(f"/etc/systemd/system/{file.relative_to(unit.parent)}", os.readlink(file))
    # Otherwise Debian would also start its own PostgreSQL cluster.
    tree.link("/etc/systemd/system-generators/postgresql-generator", "/dev/null")
    tree.run("systemd-sysusers")


KINDS: dict[str, Kind] = {
    "blank": Kind(blank),
    "client": Kind(client),
    "debian": Kind(debian, footfall=True),
    "appliance": Kind(appliance, footfall=True),
    "light": Kind(light, footfall=True),
    "appliance_tls": Kind(appliance_tls, footfall=True),
    "database": Kind(database_host, footfall=True),
    "kafka": Kind(kafka_host, footfall=True),
    "ingest": Kind(ingest_host, footfall=True),
    "sink": Kind(sink_host, footfall=True),
    "nix_appliance": Kind(nix_appliance, footfall=True),
}
