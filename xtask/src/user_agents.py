"""Writes what footfall_event::enrich needs of two packages of PyPI as JSON, one rule a line.

Arguments: the wheel of ua-parser-builtins, the wheel of crawler-user-agents, a file of real browsers' user agents, the
folder to write to. The packages are parsed, never run.
"""

import ast
import json
import sys
import zipfile
from itertools import product
from re import IGNORECASE, _constants as code, _parser, compile as regex

# The arguments of each kind of uap-core's rules that are wanted, by position.
WANTED = {
    "user_agent_parsers": ["regex", "family_replacement"],
    "os_parsers": ["regex", "os_replacement"],
    "device_parsers": ["regex", "regex_flag", "device_replacement"],
}

# Programs that send events on purpose are no bots. The list tags libraries; these are services that call webhooks.
SENDERS = regex(
    "webhook|hook|zapier|^make|ifttt|integromat|stripe|paypal|sendgrid|sparkpost|sfdc|twilio|mollie|trustly|recurly"
    "|retool|klaviyo|omnisend|snipcart|jumio|workato|n8n|pipedream|amazon-sns|amazon simple notification",
    IGNORECASE,
)
# Texts of one pattern; more would mean that it is no list of names.
TEXTS_MAX = 8
TEXT_CHARS_MIN = 4


def write_rules(wheel, path):
    module = ast.parse(wheel.read("ua_parser_builtins/lazy.py"))
    [matchers] = [node.value for node in module.body if isinstance(node, ast.AnnAssign)]
    revision = wheel.read("REVISION").decode().strip()
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"uap_core_revision": ' + json.dumps(revision))
        for (kind, names), rules in zip(WANTED.items(), matchers.elts, strict=True):
            out.write(f',\n"{kind}": [\n')
            values = ([ast.literal_eval(argument) for argument in rule.args] for rule in rules.elts)
            lines = ({name: value for name, value in zip(names, rule) if value is not None} for rule in values)
            out.write(",\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n]")
        out.write("}\n")


def texts(parsed):
    """Every text that a parsed pattern matches; None where that is not a short list."""
    found = [""]
    for kind, value in parsed:
        if kind is code.LITERAL:
            these = [chr(value)]
        elif kind is code.IN and all(each is code.LITERAL for each, _ in value):
            these = [chr(char) for _, char in value]
        elif kind is code.SUBPATTERN:
            these = texts(value[-1])
        elif kind is code.BRANCH:
            branches = [texts(branch) for branch in value[1]]
            these = None if None in branches else sum(branches, [])
        else:
            these = None
        if these is None or len(found) * len(these) > TEXTS_MAX:
            return None
        found = [left + right for left, right in product(found, these)]
    return found


def rule(pattern):
    """Whether a pattern is anchored at the start, and its texts; None if it is no list of texts."""
    parsed = list(_parser.parse(pattern))
    at_start = bool(parsed) and parsed[0] == (code.AT, code.AT_BEGINNING)
    if parsed and parsed[-1] == (code.AT, code.AT_END):
        parsed.pop()
    found = texts(parsed[at_start:])
    return None if found is None or min(map(len, found)) < TEXT_CHARS_MIN else (at_start, found)


def is_word(text, instance):
    """Whether the text stands in the instance as a word: footfall_event::enrich has the same rule."""
    before, after = text[0].isalnum(), text[-1].isalpha()
    literal = "".join("\\" + char if not char.isalnum() else char for char in text)
    return regex(("(?<![A-Za-z0-9])" if before else "") + literal + ("(?![A-Za-z])" if after else "")).search(instance)


def write_crawlers(wheel, path, browsers):
    metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    version = metadata.split("-")[1].removesuffix(".dist")
    kinds = {"starts": set(), "words": set(), "parts": set()}
    for crawler in json.loads(wheel.read("crawleruseragents/crawler-user-agents.json")):
        pattern, tags, instances = crawler["pattern"], crawler["tags"], crawler["instances"]
        if tags == ["http-library"] or SENDERS.search(pattern):
            continue
        found = rule(pattern)
        if found is None:
            print(f"left out, because it is no list of texts: {pattern}")
            continue
        browser = next((browser for browser in browsers if regex(pattern, IGNORECASE).search(browser)), None)
        if browser is not None:
            print(f"left out, because a browser matches: {pattern}: {browser}")
            continue
        at_start, found = found
        whole = all(any(is_word(text, instance) for text in found) for instance in instances)
        kinds["starts" if at_start else "words" if whole else "parts"].update(found)
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"crawler_user_agents_version": ' + json.dumps(version))
        for kind, found in kinds.items():
            lines = ",\n".join(json.dumps(text, ensure_ascii=False) for text in sorted(found))
            out.write(f',\n"{kind}": [\n{lines}\n]')
        out.write("}\n")


[rules, crawlers, known, folder] = sys.argv[1:]
with open(known, encoding="utf-8") as file:
    lines = [line.rstrip("\n").split("\t")[-1] for line in file]
write_rules(zipfile.ZipFile(rules), f"{folder}/rules.json")
write_crawlers(zipfile.ZipFile(crawlers), f"{folder}/crawlers.json", [line for line in lines if line])
