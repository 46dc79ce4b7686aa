"""What ``make`` would run: the recipes of targets and of what they need, in order.

Rules and variables as POSIX has them, and of GNU make's additions what build commands use. Time stamps are not looked
at: what might be run is read. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/make.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.shell.text import Text, text_at, text_below

_VARIABLE = re.compile(r"(?:export\s+)?([A-Za-z_][\w.]*)\s*(\?|\+|:{1,3})?=\s*(.*)")
_RULE = re.compile(r"([^\t#=:][^=:]*?)\s*::?(?!=)\s*([^;]*)(?:;\s*(.*))?")
_REFERENCE = re.compile(r"\$(?:\$|\(([\w.]+)\)|\{([\w.]+)\}|(\w|@|<)|\((\w+)\s[^()]*\))")


class NoSuchTarget(LookupError):
    """A makefile has no rule for a target, which it names."""


@dataclass
class _Rule:
    needs: list[str] = field(default_factory=list)
    recipe: list[tuple[Location, str]] = field(default_factory=list)


class Makefile:
    """A makefile's rules.

    :ivar path: relative to the root of the repository
    :ivar is_partial: whether it includes others, which are not read
    """

    def __init__(
        self, path: str, rules: Mapping[str, _Rule], variables: Mapping[str, str], defaults: Mapping[str, str]
    ) -> None:
        self.path = path
        self.is_partial = False
        self._rules = rules
        self._variables = variables
        self._defaults = defaults

    def recipes(
        self, targets: Sequence[str], environment: Mapping[str, str | None], given: Mapping[str, str | None]
    ) -> Iterator[Text]:
        """The commands for some targets, the first rule's where none is named.

        :param environment: variables that count where the makefile sets none
        :param given: variables that count before those of the makefile
        :raises NoSuchTarget: there is no rule for one of them
        """
        first = next((name for name in self._rules if not name.startswith(".")), "")
        order: dict[str, None] = {}
        for target in targets or (first,):
            if target not in self._rules:
                raise NoSuchTarget(target or "anything")
            self._collect(target, order)
        layers = (self._defaults, environment, {"MAKE": "make"}, self._variables, given)
        known = {name: value for layer in layers for name, value in layer.items() if value is not None}
        return (
            self._text(location, line, {**known, "@": target})
            for target in order
            for location, line in self._rules[target].recipe
        )

    def _collect(self, target: str, order: dict[str, None], above: tuple[str, ...] = ()) -> None:
        if target in order or target in above or target not in self._rules:
            return
        for needed in self._rules[target].needs:
            self._collect(needed, order, (*above, target))
        order[target] = None

    def _text(self, location: Location, line: str, variables: Mapping[str, str]) -> Text:
        command = line.lstrip("@-+ \t")
        column = location.column + len(line) - len(command)
        place = Location(location.path, location.line, column)
        expanded = _expanded(command, variables)
        return (
            text_at(place, command)
            if expanded == command and "\n" not in command
            else text_below(place, expanded, variables)
        )


def read_makefile(path: str, content: str) -> Makefile:
    """Read a makefile; what is not understood in it is passed over.

    :param path: relative to the root of the repository
    """
    rules: dict[str, _Rule] = {}
    variables: dict[str, str] = {}
    defaults: dict[str, str] = {}
    is_partial = False
    current: list[_Rule] = []
    for number, line in _logical_lines(content):
        if line.startswith("\t"):
            for rule in current:
                rule.recipe.append((Location(path, number, 2), line[1:]))
        elif found := _VARIABLE.fullmatch(_without_comment(line)):
            if found[2] == "?":
                defaults.setdefault(found[1], found[3])
            else:
                _assign(variables, found[1], found[2] or "", found[3])
        elif re.match(r"[-s]?include\b", line):
            is_partial = True
        elif found := _RULE.fullmatch(_without_comment(line)):
            names = _expanded(found[1], variables).split()
            current = [rules.setdefault(name, _Rule()) for name in names]
            for rule in current:
                rule.needs += _expanded(found[2], variables).split()
                if found[3]:
                    rule.recipe.append((Location(path, number, line.index(found[3], line.index(";")) + 1), found[3]))
    makefile = Makefile(path, rules, variables, defaults)
    makefile.is_partial = is_partial
    return makefile


def _logical_lines(content: str) -> Iterator[tuple[int, str]]:
    """Each with its number; a recipe keeps its line breaks, which the shell joins itself."""
    lines = content.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines):
        number, line = at + 1, lines[at]
        while line.endswith("\\") and at + 1 < len(lines):
            at += 1
            following = lines[at]
            line = f"{line}\n{following.removeprefix(chr(9))}" if line.startswith("\t") else line[:-1] + following
        yield number, line
        at += 1


def _without_comment(line: str) -> str:
    return re.sub(r"(?:^|\s)#.*", "", line).strip()


def _assign(variables: dict[str, str], name: str, operator: str, value: str) -> None:
    if operator == "+" and name in variables:
        value = f"{variables[name]} {value}"
    variables[name] = value


def _expanded(text: str, variables: Mapping[str, str], within: frozenset[str] = frozenset()) -> str:
    """References to variables that are known put in; ``$$`` is the shell's ``$``.

    What is not known, functions among it, becomes a variable of the shell, which is not known either.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[3] or match[4]
        if name is None:
            return "$"
        if name not in variables or name in within:
            return f"${{{name}}}"
        return _expanded(variables[name], variables, within | {name})

    return _REFERENCE.sub(value, text)
