"""questions.json, the scripts and the kinds of machines agree."""

import sys
import unittest
from pathlib import Path

LAB = Path(__file__).parent.parent
sys.path.insert(0, str(LAB))

from nodes import KINDS  # noqa: E402
from questions import SCRIPTS, Question  # noqa: E402

# Not questions: the common script, what is copied onto machines, and the interface.
BESIDE = {"browser.py", "common.py", "driver.py", "load.py"}


class Questions(unittest.TestCase):
    def test_each_question_has_a_script_and_each_script_a_question(self) -> None:
        scripts = {path.name for path in SCRIPTS.glob("*.py")} - BESIDE
        self.assertEqual(scripts, {question.script.name for question in Question.all().values()})

    def test_each_question_can_be_run(self) -> None:
        for question in Question.all().values():
            with self.subTest(question.name):
                self.assertTrue(question.drivers, "no driver can run it")
                self.assertLessEqual(set(question.drivers), {"lab", "nixos"})
                self.assertTrue(question.why.endswith("?"), question.why)
                for name in question.machines:
                    self.assertTrue(name.isidentifier(), f"{name} cannot be a name in a script")
                if "lab" in question.drivers:
                    self.assertLessEqual(set(question.machines.values()), set(KINDS))


if __name__ == "__main__":
    unittest.main()
