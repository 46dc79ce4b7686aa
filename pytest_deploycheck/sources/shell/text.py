"""A text that a shell reads, and where its characters stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType

from pytest_deploycheck.location import Location


@dataclass(frozen=True)
class Text:
    """Commands, as text.

    :param text: what the shell reads
    :param at: the place of one of its characters, by its number from 0
    :param values: of variables that were put in, with their names, the longest first: they are not to be shown
    """

    text: str
    at: Callable[[int], Location]
    values: tuple[tuple[str, str], ...] = ()

    def shown(self, part: str) -> str:
        """A part of it, with the names of variables for the values that were put in."""
        for name, value in self.values:
            part = part.replace(value, f"${name}")
        return part


def text_of_file(path: str, content: str) -> Text:
    """A whole file.

    :param path: as locations have it
    """
    starts = [0, *(number + 1 for number, character in enumerate(content) if character == "\n")]

    def at(offset: int) -> Location:
        line = bisect_right(starts, offset)
        return Location(path, line, offset - starts[line - 1] + 1)

    return Text(content, at)


def text_at(location: Location, text: str) -> Text:
    """A text of one line that stands as it is at a place."""
    return Text(text, lambda offset: Location(location.path, location.line, location.column + offset))


def text_below(location: Location, text: str, variables: Mapping[str, str | None] = MappingProxyType({})) -> Text:
    """A text that does not stand as it is anywhere: all of it is at one place."""
    known = ((name, value) for name, value in variables.items() if value and len(value) > 3 and value in text)
    return Text(text, lambda offset: location, tuple(sorted(known, key=lambda each: -len(each[1]))))


def joined(texts: Sequence[Text]) -> Text:
    """Texts as the lines of one, each where it stands."""
    starts = [0, *accumulate(len(each.text) + 1 for each in texts)]

    def at(offset: int) -> Location:
        number = min(bisect_right(starts, offset), len(texts)) - 1
        return texts[number].at(offset - starts[number])

    values = dict.fromkeys(value for each in texts for value in each.values)
    return Text("\n".join(each.text for each in texts), at, tuple(sorted(values, key=lambda each: -len(each[1]))))
