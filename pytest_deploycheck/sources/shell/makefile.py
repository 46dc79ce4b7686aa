"""What ``make`` would run: the recipes of targets and of what they need, in order.

Rules and variables as POSIX has them, and of GNU make's additions what build commands use. Time stamps are not looked
at: what might be run is read. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/make.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.shell.text import Text, joined, text_at, text_below

_VARIABLE = re.compile(r"(?:export\s+)?([A-Za-z_][\w.]*)\s*(\?|\+|:{1,3})?=\s*(.*)")
_DEFINITION = re.compile(r"(?:override\s+)?define\s+([\w.]+)")
# Before a command: not to be shown, of which failing is tolerated, also to be run with `make -n`.
_PREFIXES = "@-+ \t"
_RULE = re.compile(r"([^\t#=:][^=:]*?)\s*::?(?!=)\s*([^;]*)(?:;\s*(.*))?")
_REFERENCE = re.compile(r"\$(?:\$|\(([\w.]+)\)|\{([\w.]+)\}|(\w|@|<)|\((\w+)\s[^()]*\))")


class NoSuchTarget(LookupError):
    """A makefile has no rule for a target, which it names."""


@dataclass(frozen=True)
class Recipe:
    """What one shell runs for a target: a line, or all of them with ``.ONESHELL``.

    :param is_tolerated: whether make goes on where it fails
    :param is_conditional: whether it may also not be run
    """

    text: Text
    is_tolerated: bool = False
    is_conditional: bool = False


@dataclass(frozen=True)
class _Line:
    location: Location
    text: str
    is_conditional: bool

    @property
    def command(self) -> str:
        return self.text.lstrip(_PREFIXES)

    @property
    def is_tolerated(self) -> bool:
        return "-" in self.text[: len(self.text) - len(self.command)]

    def expanded(self, variables: Mapping[str, str]) -> Text:
        column = self.location.column + len(self.text) - len(self.command)
        place = Location(self.location.path, self.location.line, column)
        expanded = _expanded(self.command, variables)
        is_as_written = expanded == self.command and "\n" not in expanded
        return text_at(place, expanded) if is_as_written else text_below(place, expanded, variables)


@dataclass
class _Rule:
    """
    :ivar needs: each with whether it may also not be needed
    """

    needs: list[tuple[str, bool]] = field(default_factory=list)
    recipe: list[_Line] = field(default_factory=list)


class Makefile:
    """A makefile's rules.

    :ivar path: relative to the root of the repository
    :ivar is_partial: whether it includes others, which are not read
    :ivar unknown: variables whose value depends on a condition
    """

    def __init__(
        self,
        path: str,
        rules: Mapping[str, _Rule],
        variables: Mapping[str, str | None],
        defaults: Mapping[str, str | None],
        *,
        is_partial: bool = False,
    ) -> None:
        self.path = path
        self.is_partial = is_partial
        self.unknown = [name for layer in (variables, defaults) for name, value in layer.items() if value is None]
        self._rules = rules
        self._variables = variables
        self._defaults = defaults

    def recipes(
        self, targets: Sequence[str], environment: Mapping[str, str | None], given: Mapping[str, str | None]
    ) -> Iterator[Recipe]:
        """The commands for some targets, the first rule's where none is named.

        :param environment: variables that count where the makefile sets none
        :param given: variables that count before those of the makefile
        :raises NoSuchTarget: there is no rule for one of them
        """
        first = next((name for name in self._rules if not name.startswith(".")), "")
        order: dict[str, bool] = {}
        for target in targets or (first,):
            if target not in self._rules:
                raise NoSuchTarget(target or "anything")
            self._collect(target, order)
        layers = (self._defaults, environment, {"MAKE": "make"}, self._variables, given)
        values = {name: value for layer in layers for name, value in layer.items()}
        known = {name: value for name, value in values.items() if value is not None}
        return (
            recipe
            for target, is_conditional in order.items()
            for recipe in self._of(target, {**known, "@": target}, is_conditional)
        )

    def _collect(
        self, target: str, order: dict[str, bool], is_conditional: bool = False, above: tuple[str, ...] = ()
    ) -> None:
        """
        :param order: what is made before what, with whether it may also not be made
        """
        is_settled = target in order and (is_conditional or not order[target])
        if is_settled or target in above or target not in self._rules:
            return
        for needed, only_perhaps in self._rules[target].needs:
            self._collect(needed, order, is_conditional or only_perhaps, (*above, target))
        order[target] = is_conditional

    def _of(self, target: str, variables: Mapping[str, str], is_conditional: bool) -> Iterator[Recipe]:
        lines = self._rules[target].recipe
        ignored = self._rules.get(".IGNORE")
        ignores = ignored is not None and (not ignored.needs or any(name == target for name, _ in ignored.needs))
        if ".ONESHELL" in self._rules and lines:
            texts = [each.expanded(variables) for each in lines]
            only_perhaps = is_conditional or any(each.is_conditional for each in lines)
            yield Recipe(joined(texts), ignores or lines[0].is_tolerated, only_perhaps)
            return
        for each in lines:
            yield Recipe(each.expanded(variables), ignores or each.is_tolerated, is_conditional or each.is_conditional)


def read_makefile(path: str, content: str) -> Makefile:
    """Read a makefile; what is not understood in it is passed over.

    What stands under a condition may be so or not, and is not known: the condition itself is not looked at.

    :param path: relative to the root of the repository
    """
    return _Reader(path).read(content)


class _Reader:
    def __init__(self, path: str) -> None:
        self._path = path
        self._rules: dict[str, _Rule] = {}
        self._variables: dict[str, str | None] = {}
        self._defaults: dict[str, str | None] = {}
        self._current: list[_Rule] = []
        self._is_partial = False
        self._conditions = 0
        self._is_defining = False

    def read(self, content: str) -> Makefile:
        for number, line in _logical_lines(content):
            if self._is_defining:
                self._is_defining = not re.match(r"\s*endef\b", line)
            elif line.startswith("\t"):
                self._recipe_line(Location(self._path, number, 2), line[1:])
            else:
                self._directive(number, line)
        return Makefile(self._path, self._rules, self._variables, self._defaults, is_partial=self._is_partial)

    def _directive(self, number: int, line: str) -> None:
        bare = _without_comment(line)
        if re.match(r"(ifdef|ifndef|ifeq|ifneq)\b", bare):
            self._conditions += 1
        elif re.match(r"endif\b", bare):
            self._conditions -= 1
        elif found := _DEFINITION.match(bare):
            self._is_defining = True
            self._variables[found[1]] = None
        elif found := _VARIABLE.fullmatch(bare):
            self._assignment(found[1], found[2] or "", found[3])
        elif re.match(r"[-s]?include\b", bare):
            self._is_partial = True
        elif found := _RULE.fullmatch(bare):
            self._rule(number, line, found)

    def _rule(self, number: int, line: str, found: re.Match[str]) -> None:
        self._current = [self._rules.setdefault(name, _Rule()) for name in self._known(found[1]).split()]
        needs = [(name, self._conditions > 0) for name in self._known(found[2]).split()]
        for rule in self._current:
            rule.needs += needs
        if found[3]:
            column = line.index(found[3], line.index(";")) + 1
            self._recipe_line(Location(self._path, number, column), found[3])

    def _recipe_line(self, location: Location, text: str) -> None:
        for rule in self._current:
            rule.recipe.append(_Line(location, text, self._conditions > 0))

    def _assignment(self, name: str, operator: str, value: str) -> None:
        new = None if self._conditions else value
        if operator == "?":
            self._defaults.setdefault(name, new)
        elif operator == "+" and name in self._variables:
            before = self._variables[name]
            self._variables[name] = None if before is None or new is None else f"{before} {new}"
        else:
            self._variables[name] = new

    def _known(self, text: str) -> str:
        return _expanded(text, {name: value for name, value in self._variables.items() if value is not None})


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
