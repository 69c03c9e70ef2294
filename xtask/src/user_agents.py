"""Writes what footfall_event::enrich needs of uap-core's rules as JSON, one rule a line.

Arguments: the wheel of ua-parser-builtins, the file to write. The rules stand in the wheel as Python; they are parsed,
never run.
"""

import ast
import json
import sys
import zipfile

# The arguments of each kind of rule that are wanted, by position.
WANTED = {
    "user_agent_parsers": ["regex", "family_replacement"],
    "os_parsers": ["regex", "os_replacement"],
    "device_parsers": ["regex", "regex_flag", "device_replacement"],
}

wheel = zipfile.ZipFile(sys.argv[1])
module = ast.parse(wheel.read("ua_parser_builtins/lazy.py"))
[matchers] = [node.value for node in module.body if isinstance(node, ast.AnnAssign)]
revision = wheel.read("REVISION").decode().strip()
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write('{"uap_core_revision": ' + json.dumps(revision))
    for (kind, names), rules in zip(WANTED.items(), matchers.elts, strict=True):
        out.write(f',\n"{kind}": [\n')
        values = ([ast.literal_eval(argument) for argument in rule.args] for rule in rules.elts)
        lines = ({name: value for name, value in zip(names, rule) if value is not None} for rule in values)
        out.write(",\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n]")
    out.write("}\n")
