"""The machines' network: a namespace for each, and a bridge in the question's namespace, so that questions are separate.

Names and addresses are those of the NixOS driver: the machines in alphabetical order get 192.168.1.1 and up on eth1.
"""

from host import run

BRIDGE = "br1"


class Network:
    def __init__(self, names: list[str]) -> None:
        self._names = sorted(names)
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", BRIDGE, "type", "bridge", "forward_delay", "0")
        run("ip", "link", "set", BRIDGE, "up")
        for number, name in enumerate(self._names, 1):
            cable = self._cable(name)
            run("ip", "netns", "add", name)
            run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth1", "netns", name)
            run("ip", "link", "set", cable, "master", BRIDGE, "up")
            inside = ["ip", "-n", name]
            run(*inside, "link", "set", "lo", "up")
            run(*inside, "address", "add", f"{_ipv4(number)}/24", "dev", "eth1")
            run(*inside, "address", "add", f"{_ipv6(number)}/64", "dev", "eth1", "nodad")
            run(*inside, "link", "set", "eth1", "up")

    def path(self, name: str) -> str:
        return f"/run/netns/{name}"

    def hosts(self) -> str:
        """The /etc/hosts of each machine."""
        lines = ["127.0.0.1 localhost", "::1 localhost"]
        for number, name in enumerate(self._names, 1):
            lines += [f"{_ipv4(number)} {name}", f"{_ipv6(number)} {name}"]
        return "\n".join(lines) + "\n"

    def plug(self, name: str, plugged: bool) -> None:
        run("ip", "link", "set", self._cable(name), "up" if plugged else "down")

    def _cable(self, name: str) -> str:
        # An interface's name has at most 15 characters, a machine's may have more.
        return f"cable{self._names.index(name)}"


def _ipv4(number: int) -> str:
    return f"192.168.1.{number}"


def _ipv6(number: int) -> str:
    return f"2001:db8:1::{number}"
