"""Type-checks the lab and every script, and runs the lab's own tests: `python3 vm-tests/lab/check.py SCRATCH`.

A driver runs a script with predefined names. So each script is checked together with a header that declares them and with
common.py, and errors are reported with the script's own line numbers.
"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from questions import SCRIPTS, Question

LAB = Path(__file__).parent

HEAD = """\
from typing import cast
from driver import Driver, Machine
_driver = cast(Driver, None)
start_all, join_all, subtest = _driver.start_all, _driver.join_all, _driver.subtest
retry, log, t, polling_condition = _driver.retry, _driver.log, _driver.t, _driver.polling_condition
here: str = ""
"""


def behind_head(question: Question) -> tuple[str, list[str]]:
    """The text to check, and the source of each of its lines."""
    machines = "".join(f"{name} = cast(Machine, None)\n" for name in question.machines)
    text = ""
    lines: list[str] = []
    for source, part in [("the head", HEAD + machines)] + [
        (f"vm-tests/{path.name}", path.read_text()) for path in (SCRIPTS / "common.py", question.script)
    ]:
        text += part
        lines += [f"{source}:{number}" for number in range(1, part.count("\n") + 1)]
    return text, lines


def type_errors(scratch: Path) -> list[str]:
    scratch.mkdir(parents=True, exist_ok=True)
    for old in scratch.glob("*.py"):
        old.unlink()
    places: dict[str, list[str]] = {}
    for question in Question.all().values():
        text, places[question.name] = behind_head(question)
        (scratch / f"{question.name}.py").write_text(text)
    checked = [scratch, LAB, *(SCRIPTS / f"{name}.py" for name in ("driver", "browser", "load"))]
    settings = {
        # pyright takes relative paths only.
        "include": [os.path.relpath(path, scratch) for path in checked],
        "extraPaths": [os.path.relpath(path, scratch) for path in (SCRIPTS, LAB)],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "pythonPlatform": "Linux",
        # A script uses only some of the names that its header declares.
        "reportUnusedImport": "none",
        "reportUnusedVariable": "error",
        # Private to the folder, not to the file.
        "reportPrivateUsage": "none",
        "reportUnnecessaryTypeIgnoreComment": "error",
    }
    project = scratch / "pyrightconfig.json"
    project.write_text(json.dumps(settings))
    pyright = SCRIPTS / "node_modules/pyright/index.js"
    done = subprocess.run(["node", str(pyright), "--outputjson", "-p", str(project)], capture_output=True, text=True)
    found = json.loads(done.stdout)
    if found["summary"]["filesAnalyzed"] < len(places):
        return ["pyright did not check every script"]
    return sorted({_told(one, scratch, places) for one in found["generalDiagnostics"]})


def _told(one: dict[str, object], scratch: Path, places: dict[str, list[str]]) -> str:
    path, line = Path(str(one["file"])), int(one["range"]["start"]["line"])  # type: ignore[index, call-overload]
    where = places[path.stem][line] if path.parent == scratch else f"{path.relative_to(SCRIPTS.parent)}:{line + 1}"
    return f"{where}: {one['message']} ({one.get('rule')})"


def main() -> int:
    errors = type_errors(Path(sys.argv[1]).resolve())
    for error in errors:
        print(error)
    tests = unittest.defaultTestLoader.discover(str(LAB / "tests"))
    held = unittest.TextTestRunner(verbosity=1).run(tests).wasSuccessful()
    return 0 if held and not errors else 1


if __name__ == "__main__":
    sys.exit(main())
