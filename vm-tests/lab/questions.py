"""vm-tests/questions.json: which machines each question needs, and how long it may take."""

import json
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).parent.parent


@dataclass(frozen=True)
class Question:
    name: str
    # Each machine's name and kind.
    machines: dict[str, str]
    timeout_s: int
    # Which drivers can run it: "lab", "nixos".
    drivers: list[str]
    why: str

    @property
    def script(self) -> Path:
        return SCRIPTS / f"{self.name}.py"

    @staticmethod
    def all() -> dict[str, "Question"]:
        found: dict[str, dict[str, object]] = json.loads((SCRIPTS / "questions.json").read_text())
        return {name: Question(name=name, **fields) for name, fields in found.items()}  # type: ignore[arg-type]

    @staticmethod
    def read(name: str) -> "Question":
        return Question.all()[name]
