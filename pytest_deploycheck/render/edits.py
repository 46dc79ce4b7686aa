"""Edits of a blueprint in place: a value, a key, one more variable. What is not sure to be right is no edit.

A new entry stands on a line of its own, indented as its neighbours are, or between the brackets of a flow collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Entry, Node, Scalar, Sequence, Table
from pytest_deploycheck.render.folding import BLOCK_STYLES

_VARIABLES = "envVars"

# Nothing but the key stands on its line: what follows is a block of its own, neither anchored nor an alias.
_OPENS_A_BLOCK = re.compile(r"""\s*(?:-\s+)*["']?\w+["']?\s*:\s*(?:#.*)?""")

# What needs no quotes, whatever reads it: it begins with a letter or a slash, and holds nothing that YAML knows.
_PLAIN = re.compile(r"[A-Za-z/.][\w./@%+-]*")
_NO_TEXT = re.compile(r"(?:true|false|null|yes|no|on|off|y|n|\.inf|\.nan|\.?\d.*)", re.IGNORECASE)


def quoted(text: str) -> str:
    """A text as YAML that is read as that text: without quotes where it needs none."""
    if _PLAIN.fullmatch(text) and not _NO_TEXT.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def replaced(scalar: Scalar, written: str) -> tuple[Edit, ...]:
    """Something else in place of a key or a value on one line; nothing where an anchor or a tag stands before it.

    :param written: YAML
    """
    is_as_it_reads = not scalar.written or (scalar.style and scalar.written[0] == scalar.style)
    if scalar.style in BLOCK_STYLES or "\n" in scalar.written or not is_as_it_reads:
        return ()
    length = len(scalar.written) or len(scalar.text) + (2 if scalar.style else 0)
    start = scalar.location
    return (Edit(start, Location(start.path, start.line, start.column + length), written),)


def renamed(entry: Entry, table: Table, name: str) -> tuple[Edit, ...]:
    """Another name for a key, unless the mapping has that one already."""
    return () if name in table.entries else replaced(entry.key, name)


class BlueprintText:
    """A blueprint's text, in which entries are put.

    :param text: decoded, without a byte order mark
    """

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._lines = text.splitlines(keepends=True)

    def with_entry(self, table: Table, name: str, value: str) -> tuple[Edit, ...]:
        """One more entry of a mapping, after the last one that stands on one line.

        :param value: YAML that fits on one line
        """
        if self._begins_with("{", table.location):
            return self._in_flow(table.location, f"{name}: {value}", is_empty=not table.entries)
        return self._after(table, (f"{name}: {value}",))

    def with_variables(self, service: Service, variables: Mapping[str, str]) -> tuple[Edit, ...]:
        """Environment variables of a service with other values; those that it lacks are put before its others.

        :param variables: texts by name
        :returns: nothing where one of them comes from elsewhere, or the service has its variables from an anchor
        """
        edits: list[Edit] = []
        missing: dict[str, str] = {}
        for name, value in variables.items():
            known = service.environment.get(name)
            if known is None:
                missing[name] = value
            elif known.value is None or known.group or not (changed := replaced(known.value, quoted(value))):
                return ()
            else:
                edits += changed
        if missing:
            added = self._with_new(service.fields, missing)
            if not added:
                return ()
            edits += added
        return tuple(edits)

    def _with_new(self, fields: Table, variables: Mapping[str, str]) -> tuple[Edit, ...]:
        entry = fields.entries.get(_VARIABLES)
        in_flow = ", ".join(f"{{key: {name}, value: {quoted(value)}}}" for name, value in variables.items())
        if entry is None:
            if self._begins_with("{", fields.location):
                return self._in_flow(fields.location, f"{_VARIABLES}: [{in_flow}]", is_empty=not fields.entries)
            return self._after(fields, (f"{_VARIABLES}:", *_items(variables, "  ")))
        if isinstance(entry.value, Sequence) and self._begins_with("[", entry.value.location):
            if entry.value.location < entry.key.location:
                return ()
            return self._in_flow(entry.value.location, in_flow, is_empty=not entry.value.items)
        return self._below(entry, fields, variables)

    def _below(self, entry: Entry, fields: Table, variables: Mapping[str, str]) -> tuple[Edit, ...]:
        """Items of a block list, right below the key."""
        key = entry.key.location
        if not self._is_own(entry.key, fields) or not _OPENS_A_BLOCK.fullmatch(self._line(key.line).rstrip("\r\n")):
            return ()
        indent = self._indent(entry.value, fields)
        return () if indent is None else self._at_line(key.line + 1, _items(variables, indent))

    def _indent(self, value: Node, fields: Table) -> str | None:
        if isinstance(value, Sequence):
            before = self._line(value.location.line)[: value.location.column - 1]
            return before if not before.strip() and self._begins_with("-", value.location) else None
        is_empty = isinstance(value, Scalar) and value.value is None
        return " " * (fields.location.column + 1) if is_empty else None

    def _after(self, table: Table, lines: tuple[str, ...]) -> tuple[Edit, ...]:
        """Lines of a block mapping, below its last entry on one line."""
        own = [each for each in table.entries.values() if self._is_own(each.key, table) and _is_on_one_line(each)]
        if not own:
            return ()
        indent = " " * (table.location.column - 1)
        last = max(each.key.location.line for each in own)
        return self._at_line(last + 1, tuple(f"{indent}{line}" for line in lines))

    def _is_own(self, key: Scalar, table: Table) -> bool:
        """Whether a key stands in the mapping itself, and not in one that is merged into it."""
        return key.location.column == table.location.column and key.location >= table.location

    def _at_line(self, number: int, lines: tuple[str, ...]) -> tuple[Edit, ...]:
        """Lines before the one with a number, or behind all."""
        text = "".join(f"{line}\n" for line in lines)
        if number <= len(self._lines) or self._lines[-1].endswith(("\n", "\r")):
            place = Location(self._path, number)
        else:
            place = Location(self._path, number - 1, len(self._lines[-1]) + 1)
            text = f"\n{text[:-1]}"
        return (Edit(place, place, text),)

    def _in_flow(self, opening: Location, text: str, *, is_empty: bool) -> tuple[Edit, ...]:
        place = Location(opening.path, opening.line, opening.column + 1)
        return (Edit(place, place, text if is_empty else f"{text}, "),)

    def _begins_with(self, sign: str, place: Location) -> bool:
        return self._line(place.line)[place.column - 1 : place.column] == sign

    def _line(self, number: int) -> str:
        return self._lines[number - 1] if number <= len(self._lines) else ""


def _items(variables: Mapping[str, str], indent: str) -> tuple[str, ...]:
    found: list[str] = []
    for name, value in variables.items():
        found += (f"{indent}- key: {name}", f"{indent}  value: {quoted(value)}")
    return tuple(found)


def _is_on_one_line(entry: Entry) -> bool:
    value = entry.value
    if not isinstance(value, Scalar) or value.style in BLOCK_STYLES or value.value is None:
        return False
    return value.location.line == entry.key.location.line and "\n" not in value.written
