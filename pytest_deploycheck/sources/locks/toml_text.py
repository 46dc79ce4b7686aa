"""TOML with the places where things stand, which :mod:`tomllib` does not tell."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.locks.tables import BadFile, tables_of, text_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_AT = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_TOKEN = re.compile(
    r"""
    (?P<skipped>[ \t\r]+|\#[^\n]*)
    |(?P<end>\n)
    |(?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    |(?P<mark>[\[\]{},=.])
    |(?P<bare>[^\s\[\]{},=."'\#]+)
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True)
class Place:
    """A key, the header of a table, or a string in the value of a key.

    :param keys: those of the table and of the value
    :param value: of a string; None for a key and a header
    """

    keys: tuple[str, ...]
    value: str | None
    location: Location


@dataclass(frozen=True)
class TomlText:
    """A TOML file, read.

    :param path: relative to the root
    """

    path: str
    text: str
    tables: dict[str, Any]

    @classmethod
    def read(cls, path: str, content: bytes) -> TomlText:
        """:raises BadFile: it is none"""
        text = text_of(path, content, "TOML")
        try:
            return cls(path, text, tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise BadFile(_place_of(error, path, text), f"it is no TOML: {_AT.sub('', str(error)).lower()}") from error
        except RecursionError as error:
            raise BadFile(Location(path), "it is nested too deep to be read") from error

    @cached_property
    def places(self) -> Sequence[Place]:
        """All keys, headers and strings, in the order of the file; for files of a size that people write."""
        return tuple(_places(self.path, self.text))

    def headers(self, name: str) -> list[Location]:
        """Where each table of an array of tables begins: ``[[package]]``.

        Lock files are long, and written by programs: they have such a line nowhere else.
        """
        found = re.finditer(rf"(?m)^\[\[{re.escape(name)}\]\]", self.text)
        lines, line, at = [], 1, 0
        for match in found:
            line += self.text.count("\n", at, match.start())
            at = match.start()
            lines.append(Location(self.path, line))
        return lines

    def packages(self, key: str = "package") -> list[tuple[dict[str, Any], Location]]:
        """The packages of a lock, each with its place.

        :raises BadFile: there is something else
        """
        tables = tables_of(self.tables, key, Location(self.path))
        places = self.headers(key)
        if len(places) != len(tables):  # They are written in another way than the tools do.
            places = [Location(self.path)] * len(tables)
        return list(zip(tables, places, strict=True))

    def line_of(self, key: str) -> Location:
        """Where a key first begins a line, else the beginning of the file."""
        match = re.search(rf"(?m)^{re.escape(key)}[ \t]*=", self.text)
        return Location(self.path, self.text.count("\n", 0, match.start()) + 1 if match else 1)

    def table(self, *keys: str) -> dict[str, Any]:
        """A table, empty where there is none.

        :raises BadFile: there is something else
        """
        found = self.tables
        for key in keys:
            inner: Any = found.get(key, {})
            if not isinstance(inner, dict):
                raise BadFile(self.place_of(keys), f"{'.'.join(keys)} has to be a table")
            found = inner
        return found

    def place_of(self, keys: Sequence[str], value: str | None = None) -> Location:
        """Where a key stands, or a string in its value; what has no place of its own begins with the file."""
        for each in self.places:
            if each.keys[: len(keys)] == tuple(keys) and (value is None or each.value == value):
                return each.location
        return Location(self.path)


def _place_of(error: tomllib.TOMLDecodeError, path: str, text: str) -> Location:
    match = _AT.search(str(error))
    if match is None or match["line"] is None:
        return Location(path, max(1, len(text.splitlines())))
    return Location(path, int(match["line"]), int(match["column"]))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    location: Location

    @property
    def value(self) -> str:
        """Of a string or a bare key."""
        return str(tomllib.loads(f"it = {self.text}")["it"]) if self.kind == "string" else self.text


def _tokens(path: str, text: str) -> Iterator[_Token]:
    line, begin = 1, 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "skipped":
            quotes = 1 if kind == "string" else 0
            yield _Token(kind, match[0], Location(path, line, match.start() - begin + 1 + quotes))
        if "\n" in match[0]:
            line += match[0].count("\n")
            begin = match.start() + match[0].rfind("\n") + 1


def _places(path: str, text: str) -> Iterator[Place]:
    table: tuple[str, ...] = ()
    statement: list[_Token] = []
    depth = 0
    for token in (*_tokens(path, text), _Token("end", "\n", Location(path))):
        depth += (token.text in ("[", "{")) - (token.text in ("]", "}")) if token.kind == "mark" else 0
        if token.kind != "end":
            statement.append(token)
        elif depth <= 0 and statement:
            if statement[0].text == "[":
                table = _keys(statement)
                yield Place(table, None, statement[0].location)
            else:
                yield from _of_value(table, statement)
            statement, depth = [], 0


def _keys(tokens: Sequence[_Token]) -> tuple[str, ...]:
    return tuple(token.value for token in tokens if token.kind in ("bare", "string"))


def _of_value(table: tuple[str, ...], statement: Sequence[_Token]) -> Iterator[Place]:
    equals = next((at for at, token in enumerate(statement) if token.text == "=" and token.kind == "mark"), None)
    if equals is None:
        return
    keys = (*table, *_keys(statement[:equals]))
    yield Place(keys, None, statement[0].location)
    for token in statement[equals + 1 :]:
        if token.kind == "string":
            yield Place(keys, token.value, token.location)
