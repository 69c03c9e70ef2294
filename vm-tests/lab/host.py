"""Running the host's programs."""

import subprocess

from errors import LabError


def run(*command: object) -> str:
    """Runs a command to its end; if it fails, its output is part of the error."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"{' '.join(words)}: exit code {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
