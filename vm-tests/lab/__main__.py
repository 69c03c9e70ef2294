"""Runs questions on machines: `python3 vm-tests/lab --root ROOT --installed DIR --folder DIR [QUESTION...]`.

`cargo xtask lab` prepares what this needs and runs it.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import isolate
import layers
from questions import Question

AT_ONCE_MAX = 2
# Added to a question's own timeout, for collecting journals and unmounting.
CLEANING_S_MAX = 60
OWN = Path(__file__).parent


class Interrupted(BaseException):
    pass


class Asking:
    """The questions in progress."""

    def __init__(self, folder: Path, root: Path, installed: Path, prepared: Path) -> None:
        self._folder = folder
        self._layers = [str(root), str(prepared), str(installed)]
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def ask(self, question: Question) -> dict[str, object]:
        if self._stopped:
            return {"holds": False, "why": "not asked", "seconds": 0.0, "subtests": []}
        folder = self._folder / question.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        cgroup = f"footfall-lab-{os.getpid()}-{question.name}"
        command = isolate.command(OWN / "question.py", question.name, str(folder), cgroup, *self._layers)
        # In its own session: Ctrl-C goes only to this process, which stops the others in order.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        self._running.add(process)
        try:
            process.wait(question.timeout_s + CLEANING_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            self._running.discard(process)
            isolate.remove_cgroups(cgroup)
            shutil.rmtree(folder / "machines", ignore_errors=True)
        try:
            result: dict[str, object] = json.loads((folder / "result.json").read_text())
            return result
        except FileNotFoundError:
            return {"holds": False, "why": f"the lab broke ({process.returncode})", "seconds": 0.0, "subtests": []}

    def stop(self) -> None:
        self._stopped = True
        for process in list(self._running):
            process.kill()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # A second signal must not interrupt the cleanup.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    raise Interrupted


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cargo xtask lab", description="Runs questions on machines.")
    for name, what in [
        ("root", "a Debian"),
        ("installed", "the tree in which Footfall is installed, overlaid on Debian"),
        ("folder", "where layers and logs are kept"),
    ]:
        parser.add_argument(f"--{name}", type=Path, required=True, help=what)
    parser.add_argument("question", nargs="*", help="names from vm-tests/questions.json; default: all")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    known = {name: question for name, question in Question.all().items() if "lab" in question.drivers}
    unknown = [name for name in arguments.question if name not in known]
    if unknown:
        print(f"no such question: {', '.join(unknown)}. There are: {', '.join(known)}")
        return 2
    wanted = [known[name] for name in arguments.question] or list(known.values())
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, _interrupt)

    folder: Path = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    root: Path = arguments.root.resolve()
    began = time.monotonic()
    prepared = layers.prepared(root, folder / "prepared")
    asking = Asking(folder, root, arguments.installed.resolve(), prepared)
    pool = ThreadPoolExecutor(AT_ONCE_MAX)
    try:
        # The longest first, so that no long one runs alone at the end.
        order = sorted(wanted, key=lambda question: -question.timeout_s)
        asked = {question.name: pool.submit(asking.ask, question) for question in order}
        results = {question.name: asked[question.name].result() for question in wanted}
    except Interrupted:
        asking.stop()
        pool.shutdown(cancel_futures=True)
        print("interrupted")
        return 130
    return _report(results, folder, time.monotonic() - began)


def _report(results: dict[str, dict[str, object]], folder: Path, seconds: float) -> int:
    failed = [name for name, result in results.items() if not result["holds"]]
    print()
    for name, result in results.items():
        print(f"{'FAILED' if name in failed else 'holds ':6} {result['seconds']:6.1f} s  {name}")
    for name in failed:
        print(f"\n{name}: {results[name]['why']}\n  logs and journals: {folder / name}")
    print(f"\n{len(results) - len(failed)} of {len(results)} questions hold, {seconds:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
