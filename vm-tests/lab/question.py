"""Runs one question: `question.py NAME FOLDER CGROUP ROOT PREPARED INSTALLED`, in separate namespaces (isolate.py)."""

import json
import secrets
import signal
import sys
import time
import traceback
import unittest
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import isolate
from disk import Disk
from errors import Failed
from host import run
from log import Logger
from machine import Machine, Surroundings
from network import Network
from nodes import KINDS
from questions import Question
from tree import Tree
from waiting import Conditions, retry

SCRIPTS = Path(__file__).parent.parent
JOURNAL_LINES_SHOWN = 25


class OutOfTime(BaseException):
    """Not an Exception, so that a script's retry does not catch it."""


class Assertions(unittest.TestCase):
    failureException = Failed


@dataclass
class Places:
    """The folder of the question's files, and the layers under its machines."""

    folder: Path
    cgroup: str
    root: Path
    prepared: Path
    installed: Path


class Lab:
    """The machines of a question, and the predefined names of its script."""

    def __init__(self, question: Question, places: Places, log: Logger) -> None:
        self.log = log
        self.retry = retry
        self.t = Assertions()
        self.subtest = log.subtest
        conditions = Conditions(log)
        self.polling_condition = conditions.polling_condition
        network = Network(list(question.machines))
        around = Surroundings(network, conditions, log, places.folder, places.cgroup)
        self.machines: dict[str, Machine] = {}
        for name, kind_name in sorted(question.machines.items()):
            kind = KINDS[kind_name]
            layers = [places.installed] if kind.footfall else []
            disk = Disk(places.folder / "machines" / name, kind.disk_mb, [*layers, places.prepared, places.root])

            def place(root: Path, name: str = name, kind_name: str = kind_name) -> None:
                tree = Tree(root)
                tree.write("/etc/hostname", f"{name}\n")
                tree.write("/etc/machine-id", f"{secrets.token_hex(16)}\n")
                tree.write("/etc/hosts", network.hosts())
                KINDS[kind_name].place(tree)

            self.machines[name] = Machine(name, disk, place, around)

    def start_all(self) -> None:
        for machine in self.machines.values():
            machine.start()

    def join_all(self) -> None:
        for machine in self.machines.values():
            machine.wait_for_shutdown()

    def symbols(self) -> dict[str, object]:
        names = ("start_all", "join_all", "subtest", "retry", "log", "t", "polling_condition")
        found: dict[str, object] = {name: getattr(self, name) for name in names}
        found.update(self.machines)
        if len(self.machines) == 1:
            found["machine"] = next(iter(self.machines.values()))
        # The scripts' folder, which also has the files that they copy onto machines.
        found["here"] = str(SCRIPTS)
        return found

    def release(self) -> None:
        for machine in self.machines.values():
            machine.release()
        for name in self.machines:
            run("ip", "netns", "delete", name)


def ask(question: Question, places: Places, log: Logger) -> str | None:
    """Runs the script; returns why it failed, if it did."""
    lab = Lab(question, places, log)
    try:
        symbols = lab.symbols()
        for script in (SCRIPTS / "common.py", question.script):
            exec(compile(script.read_text(), script, "exec"), symbols)
        return None
    except Exception as error:
        failed = {name: machine.failed_units() for name, machine in lab.machines.items()}
        return _why(error) + "".join(f"\n  {name}: failed: {', '.join(units)}" for name, units in failed.items() if units)
    except OutOfTime:
        return f"took longer than {question.timeout_s} s, at\n{_script_lines(sys.exc_info()[2])}"
    finally:
        signal.alarm(0)
        lab.release()


def _why(error: Exception) -> str:
    trace = error.__traceback__
    what = str(error) if isinstance(error, Failed) else "".join(traceback.format_exception(error))
    return f"{_script_lines(trace)}\n  {what}"


def _script_lines(trace: object) -> str:
    frames = traceback.extract_tb(trace)  # type: ignore[arg-type]
    mine = [frame for frame in frames if Path(frame.filename).parent == SCRIPTS]
    return "\n".join(f"  {Path(frame.filename).name}:{frame.lineno}: {frame.line}" for frame in mine)


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTime


def main() -> int:
    name, folder, cgroup, root, prepared, installed = sys.argv[1:]
    question = Question.read(name)
    places = Places(Path(folder), cgroup, Path(root), Path(prepared), Path(installed))
    isolate.enter()
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.alarm(question.timeout_s)
    began = time.monotonic()
    with (places.folder / "log").open("w") as file:
        log = Logger(file, name)
        why = ask(question, places, log)
        if why is not None:
            log.show(f"does not hold:\n{why}")
    result = {"holds": why is None, "why": why, "seconds": time.monotonic() - began, "subtests": log.subtests}
    (places.folder / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    return 0 if why is None else 1


if __name__ == "__main__":
    sys.exit(main())
