"""A YAML file as typed values with positions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pytest_deploycheck.location import Location
from pytest_deploycheck.render.folding import line_starts, written_offsets


class DocumentError(ValueError):
    """A file that is no YAML document of the expected shape.

    :ivar location: the place that is wrong
    """

    def __init__(self, location: Location, message: str) -> None:
        super().__init__(f"{location}: {message}")
        self.location = location
        self.message = message


class Scalar(str):
    """A scalar as it is written: its characters, quotes and escapes undone, and where they stand.

    It is a text, also where YAML makes something else of it, and compares as one: ``service.plan == "starter"``.

    :param value: what YAML 1.2 makes of it
    :param location: where it begins; of a block scalar, its indicator
    :param style: YAML's: ``'`` and ``"`` for quotes, ``|`` and ``>`` for blocks, empty for plain ones
    :param written: as it stands in the file, from its location on; empty where that is the text, in quotes or without
    """

    __slots__ = ("location", "style", "value", "written")

    value: str | int | float | bool | None
    location: Location
    style: str
    written: str

    def __new__(
        cls, text: str, value: str | int | float | bool | None, location: Location, style: str = "", written: str = ""
    ) -> Scalar:
        """:param text: its characters"""
        self = super().__new__(cls, text)
        self.value, self.location, self.style, self.written = value, location, style, written
        return self

    def __reduce__(self) -> tuple[type[Scalar], tuple[object, ...]]:
        return Scalar, (str(self), self.value, self.location, self.style, self.written)

    @property
    def text(self) -> str:
        """The characters alone."""
        return str(self)

    def at(self, offset: int) -> Location:
        """The place of a character of the text, by its number from 0."""
        start = self.location
        if not self.written:
            return Location(start.path, start.line, start.column + offset + bool(self.style))
        offsets = written_offsets(self.text, self.written, self.style)
        at = offsets[min(offset, len(offsets) - 1)]
        starts = line_starts(self.written)
        line = bisect_right(starts, at) - 1
        column = at - starts[line] + (1 if line else start.column)
        return Location(start.path, start.line + line, column)


@dataclass(frozen=True)
class Sequence:
    """A list.

    :param location: where it begins
    """

    items: tuple[Node, ...] = field(repr=False)  # Values may be secret, and pytest shows what is compared.
    location: Location

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


@dataclass(frozen=True)
class Entry:
    """One key of a mapping, and its value."""

    key: Scalar
    value: Node = field(repr=False)


@dataclass(frozen=True)
class Table:
    """A mapping with its entries by key.

    :param location: where it begins
    """

    entries: Mapping[str, Entry] = field(repr=False)
    location: Location

    def get(self, key: str) -> Node | None:
        """The value of a key, None where it is missing."""
        entry = self.entries.get(key)
        return entry.value if entry else None

    def scalar(self, key: str) -> Scalar | None:
        """The value of a key where that is a scalar and not null, else None."""
        value = self.get(key)
        return value if isinstance(value, Scalar) and value.value is not None else None

    def mappings(self, key: str) -> Iterator[Table]:
        """The mappings in the list that is the value of a key; none where it is no list."""
        value = self.get(key)
        return (each for each in value if isinstance(each, Table)) if isinstance(value, Sequence) else iter(())


Node: TypeAlias = "Scalar | Sequence | Table"
