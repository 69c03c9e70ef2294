# Do the commands of docs/debian.md, exactly as written, turn a Debian with only the installed files into an appliance?

import re
from pathlib import Path

BOOK = Path(f"{here}/../docs/debian.md").read_text()


def commands(section: str) -> str:
    """The indented lines of a section, as an administrator copies them, without those that download and build."""
    text = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", BOOK, re.MULTILINE | re.DOTALL)
    assert text is not None, f"docs/debian.md has no section {section}"
    lines = [line[4:] for line in text[1].splitlines() if line.startswith("    ")]
    assert lines, f"docs/debian.md shows no command under {section}"
    return "\n".join(line for line in lines if not line.startswith(("apt-get ", "cargo ")))


start_all()
host.wait_for_unit("multi-user.target")
client.wait_for_unit("multi-user.target")

for section in ("Install", "PostgreSQL", "nginx", "Start"):
    with subtest(section):
        said = host.succeed(commands(section), timeout=180)

with subtest("it is an appliance"):
    wait_for_footfall(host)
    send(client, "http://host/analytics", event("by_the_book"))
    wait_for_rows(host, "by_the_book", 1)
    t.assertEqual(host.succeed("systemctl list-units --failed --plain --no-legend").strip(), "")
    # The section's last command printed the live page's password.
    password = said.strip().splitlines()[-1]
    log_in = f"curl -sf -o /dev/null -w '%{{http_code}}' -H 'Origin: http://host' -d password={password} http://host/live/login"
    t.assertEqual(client.succeed(log_in), "303")

with subtest("Checking and logs"):
    host.succeed(commands("Checking and logs"), timeout=120)

with subtest("it is the same after a reboot"):
    host.shutdown()
    host.start()
    wait_for_footfall(host)
    wait_for_rows(host, "by_the_book", 1)
