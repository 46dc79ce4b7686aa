"""The tables of TOML and JSON files, taken for what they should be."""

from __future__ import annotations

from typing import Any, TypeVar

from packaging.version import InvalidVersion, Version

from pytest_deploycheck.location import Location

Kind = TypeVar("Kind")


class BadFile(ValueError):
    """A file that does not say what it should: the message says what was expected.

    :param location: where
    """

    def __init__(self, location: Location, expected: str) -> None:
        self.location = location
        super().__init__(expected)


def text_of(path: str, content: bytes, language: str) -> str:
    """The text of a file, a byte order mark and all.

    :param language: that it should be in
    :raises BadFile: it is not in UTF-8
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadFile(Location(path, line), f"{language} is text in UTF-8: save the file as UTF-8") from error


def typed(table: dict[str, Any], key: str, kind: type[Kind], place: Location, default: Kind) -> Kind:
    """A value of a table.

    :raises BadFile: it is of another type
    """
    value = table.get(key, default)
    if not isinstance(value, kind):
        words = {str: "a string", list: "an array", dict: "a table", int: "a number", bool: "true or false"}
        raise BadFile(place, f"{key} has to be {words.get(kind, kind.__name__)}")
    return value


def version_of(table: dict[str, Any], place: Location, *, is_needed: bool = True) -> str:
    """The version of a package.

    :raises BadFile: it has none, or what is none
    """
    version = typed(table, "version", str, place, "")
    try:
        if version or is_needed:
            Version(version)
    except InvalidVersion as error:
        raise BadFile(place, f"a version such as 1.0 was expected, and {version!r} is none") from error
    return version


def tables_of(table: dict[str, Any], key: str, place: Location) -> list[dict[str, Any]]:
    """An array of tables.

    :raises BadFile: it is something else
    """
    found: list[Any] = typed(table, key, list, place, [])
    if not all(isinstance(each, dict) for each in found):
        raise BadFile(place, f"{key} has to hold tables")
    return found
