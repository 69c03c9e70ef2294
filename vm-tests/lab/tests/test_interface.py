"""The interface against which scripts are checked is a subset of the NixOS driver's, so that they run there too."""

import ast
import json
import unittest
from pathlib import Path

HERE = Path(__file__).parent
DECLARED = HERE.parent.parent / "driver.py"


def parameters(function: ast.FunctionDef) -> str:
    """The parameters without their types: `self, unit, user=None`."""
    if any(isinstance(decorator, ast.Name) and decorator.id == "property" for decorator in function.decorator_list):
        return "property"
    for argument in ast.walk(function.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return ast.unparse(function.args)


class Interface(unittest.TestCase):
    def test_what_is_declared_is_what_nixos_has(self) -> None:
        nixos = json.loads((HERE / "nixos_driver.json").read_text())
        classes = [node for node in ast.parse(DECLARED.read_text()).body if isinstance(node, ast.ClassDef)]
        # unittest's names are checked below.
        compared = [each for each in classes if each.name != "Assertions"]
        self.assertEqual({each.name for each in compared}, set(nixos) - {"about"})
        for each in compared:
            for function in each.body:
                if isinstance(function, ast.FunctionDef):
                    with self.subTest(f"{each.name}.{function.name}"):
                        self.assertEqual(parameters(function), nixos[each.name].get(function.name))

    def test_assertions_are_those_of_unittest(self) -> None:
        classes = {node.name: node for node in ast.parse(DECLARED.read_text()).body if isinstance(node, ast.ClassDef)}
        for function in classes["Assertions"].body:
            if isinstance(function, ast.FunctionDef):
                self.assertTrue(hasattr(unittest.TestCase, function.name), function.name)


if __name__ == "__main__":
    unittest.main()
