"""The classic mistakes in a requirement, and what to write instead.

A table: what a refused requirement looks like, and a sentence. The first row that fits is used, so narrow ones stand
first. Whether a requirement is refused is not decided here: that is packaging's parser, as in pip.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

NAME = r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?(?:\[[^\]]*\])?)"
OPERATOR = r"(?:===|==|~=|!=|<=|>=|<|>)"

# A sentence may use the groups of its pattern.
MISTAKES: tuple[tuple[str, str], ...] = (
    (r"(?:<{7}|={7}|>{7})(?: .*)?", "a merge conflict stands here: resolve it and delete the line"),
    (r"(?:python\d? +-m +)?pip\d? +install +(?P<rest>.+)", "only what is installed stands here: write {rest}"),
    (
        r"(?:import|from) .*",
        "this is Python code, not a requirement: write the project's name, such as requests==2.32.3",
    ),
    (r"```.*", "this is Markdown: delete the line"),
    (rf"{NAME} *= *(?P<version>[\w.*]+) *= *\w+", "this is conda's name=version=build: write {name}=={version}"),
    (
        rf"{NAME} *= *[\"'][\^~]?(?P<version>[^\"']*)[\"']",
        "this is TOML: write a requirement such as {name}=={version}",
    ),
    (rf"{NAME} *= *(?P<version>[\w.*+!-]+)", "= is no operator, use ==: {name}=={version}"),
    (rf"{NAME} *(?:==|>=|=)? *\^ *(?P<version>\d[\w.]*)", "^ is Poetry's, pip does not know it: write {name}{caret}"),
    (rf"{NAME} *~ *(?P<version>\d[\w.]*)", "~ is no operator, use ~=: {name}~={version}"),
    (rf"{NAME} *=> *(?P<version>[\w.]+)", "=> is no operator, use >=: {name}>={version}"),
    (rf"{NAME} *=< *(?P<version>[\w.]+)", "=< is no operator, use <=: {name}<={version}"),
    (rf"{NAME} *(?P<operator>{OPERATOR}) *", "the version is missing after {operator}: write one, or only {name}"),
    (
        rf"{NAME} *(?P<operator><=|>=|<|>|~=) *(?P<version>[\d.]+)\.\*",
        ".* goes with == and != only: write {name}{operator}{version}",
    ),
    (r"[\"'](?P<rest>[^\"']+)[\"'],?", "quotes do not belong here: write {rest}"),
    (rf"{NAME} *, *(?P<other>[A-Za-z].*)", "one requirement a line: {name} here, {other} on the next line"),
    (
        rf"(?P<first>{NAME} *{OPERATOR} *[\w.*+!-]+) +(?P<other>[A-Za-z].*)",
        "two things stand on one line: {first} here, {other} on the next line",
    ),
    (
        rf"{NAME} +(?P<version>\d[\w.]*)",
        "an operator is missing between name and version: write {name}=={version}",
    ),
    (
        rf"(?P<first>{NAME} *{OPERATOR} *[\w.*+!-]+) +(?P<other>{OPERATOR}.*)",
        "a comma is missing between the versions: write {first},{other}",
    ),
    (
        rf"{NAME} +(?P<other>[A-Za-z0-9][\w.-]*)(?P<rest>(?: *[\[<>=!~].*)?)",
        "a name holds no blanks: write {name}-{other}{rest} if it is one project, else one requirement a line",
    ),
    (rf"{NAME} +[A-Za-z0-9].*", "a name holds no blanks: one requirement a line, and comments after #"),
    (
        rf"{NAME} *(?P<operator>{OPERATOR}) *(?P<version>-[\w.-]+)",
        "{version} is no version (PEP 440), it begins with a digit: write {name}{operator}{plain}",
    ),
    (
        rf"{NAME} *{OPERATOR} *(?P<version>[^\s,;=<>~!]+)",
        "{version} is no version (PEP 440): write one such as 1.0, 1.0rc1 or 1.0.post1",
    ),
    (r"[^\[]*\[[^\]]*", "the bracket of the extras is not closed: name[extra]"),
    (
        r"(?:[^@]*/.*|\.[^.].*|\.)",
        "this looks like a path, and there is no such file or directory (relative to where pip is started)",
    ),
)


def expected_instead(text: str, reason: str) -> str:
    """What to write instead of a refused requirement.

    :param reason: packaging's own, used where no known mistake fits
    """
    strange = _strange_character(text)
    if strange:
        return f"a requirement is plain ASCII, here stands {strange}: type it anew"
    for pattern, sentence in MISTAKES:
        found = re.fullmatch(pattern, text)
        if found:
            return sentence.format_map(_Groups(found))
    return f"expected a requirement such as name==1.0 (PEP 508): {_first_line(reason)}"


class _Groups(dict[str, str]):
    """The groups of a match, and what can be computed from them."""

    def __init__(self, found: re.Match[str]) -> None:
        super().__init__({name: (value or "").strip() for name, value in found.groupdict().items()})

    def __missing__(self, key: str) -> str:
        computed: dict[str, Callable[[], str]] = {
            "caret": lambda: _caret(self["version"]),
            "plain": lambda: self["version"].lstrip("-"),
        }
        return computed[key]()


def _caret(version: str) -> str:
    """Poetry's ``^``: up to the next change of the first part that is not zero.

    https://python-poetry.org/docs/dependency-specification/#caret-requirements
    """
    parts = [int(part) if part.isdigit() else 0 for part in version.split(".")]
    at = next((at for at, part in enumerate(parts) if part), len(parts) - 1)
    below = ".".join(str(part) for part in (*parts[:at], parts[at] + 1))
    return f">={version},<{below}"


def _strange_character(text: str) -> str | None:
    """The first character outside ASCII, by its Unicode name; often a blank or a dash that a word processor made."""
    for character in text:
        if not character.isascii():
            return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
    return None


def _first_line(reason: str) -> str:
    return reason.splitlines()[0] if reason else ""
