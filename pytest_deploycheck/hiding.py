"""Texts without the values of variables that may be secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby

# Values that begin alike so often are tried one after the other.
_MOST_BRANCHES = 50


class Hiding:
    """Puts the names of variables in the place of their values, the longest first.

    A text is looked through once for all values, and only those that stand in it are replaced.

    :param secrets: names with values
    """

    def __init__(self, secrets: Iterable[tuple[str, str]]) -> None:
        self._names: dict[str, str] = {}
        for name, value in sorted(secrets, key=lambda each: (-len(each[1]), each)):
            self._names.setdefault(value, name)
        self._order = {value: number for number, value in enumerate(self._names)}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # With a mere alternation of all values each of them would be tried at each place.
        return re.compile(f"(?=({_alternatives(sorted(self._names))}))")

    def hidden(self, text: str) -> str:
        """A text without them."""
        for value in sorted(set(self._in(text)), key=self._order.__getitem__) if self._names else ():
            text = text.replace(value, f"${self._names[value]}")
        return text

    def _in(self, text: str) -> Iterator[str]:
        for found in self._pattern.finditer(text):
            # One that the found one begins with is still there where a third one takes the end of that away.
            yield from (found[1][:end] for end in range(1, len(found[1]) + 1) if found[1][:end] in self._names)


def _alternatives(values: Sequence[str], branches: int = 0) -> str:
    """A pattern for some texts, in order, that has in common what they begin with; the longest one is preferred."""
    if branches == _MOST_BRANCHES:
        return "|".join(map(re.escape, reversed(values)))
    return "|".join(_with_beginning(list(group), branches) for _, group in groupby(values, lambda each: each[:1]))


def _with_beginning(values: Sequence[str], branches: int) -> str:
    beginning = _common(values[0], values[-1])  # They are in order: what these two share, all do.
    rests = [each[len(beginning) :] for each in values if each != beginning]
    if not rests:
        return re.escape(beginning)
    optional = "?" if len(rests) < len(values) else ""
    return f"{re.escape(beginning)}(?:{_alternatives(rests, branches + 1)}){optional}"


def _common(first: str, last: str) -> str:
    differing = (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(differing, min(len(first), len(last)))]
