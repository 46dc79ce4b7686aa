"""Which known name somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

# In a shorter name one slip already makes another word.
_SHORT = 6


class KnownNames:
    """Names to be mistaken for.

    :param slips: how many a name may have and still be known
    """

    def __init__(self, names: Iterable[str], slips: int = 2) -> None:
        self._names = tuple(names)
        self._slips = slips
        self._asked: dict[str, str | None] = {}

    def meant(self, written: str) -> str | None:
        """The name that is written in another way, or with a slip or two; None where none is that near.

        Near enough to be sure of: ``buidCommand``, ``build_command`` and ``tpye``, and not ``postDeployCommand``
        for ``preDeployCommand``.
        """
        if written not in self._asked:  # A mistake that stands in one service often stands in all of them.
            self._asked[written] = self._nearest(_plain(written))
        return self._asked[written]

    def _nearest(self, plain: str) -> str | None:
        allowed = min(self._slips, 1 if len(plain) < _SHORT else 2)
        candidates = {name for part in _parts(plain, allowed) for name in self._by_part.get(part, ())}
        slips, nearest = min(((_slips(plain, _plain(each)), each) for each in candidates), default=(0, None))
        return nearest if slips <= allowed else None

    def has_same(self, written: str) -> bool:
        """Whether one of them differs in capitals, blanks, dashes and underscores only."""
        return any(_plain(each) == _plain(written) for each in self._names)

    @cached_property
    def _by_part(self) -> dict[str, list[str]]:
        """The names by what is left of them: two that are near have a part in common, and no name need be compared
        with each other one."""
        by_part: dict[str, list[str]] = {}
        for name in self._names:
            for part in _parts(_plain(name), self._slips):
                by_part.setdefault(part, []).append(name)
        return by_part


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").casefold()


def _parts(name: str, most: int, start: int = 0) -> Iterator[str]:
    """A name with up to so many letters left out, none of them before a place."""
    yield name
    for at in range(start, len(name) if most else start):
        yield from _parts(name[:at] + name[at + 1 :], most - 1, at)


def _slips(written: str, known: str) -> int:
    """How many letters are missing, too many, wrong, or have changed places with their neighbour.

    https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance, of which :mod:`difflib` has no count.
    """
    before: list[int] = []
    above = list(range(len(known) + 1))
    for row, letter in enumerate(written, 1):
        current = [row]
        for column, other in enumerate(known, 1):
            best = min(above[column] + 1, current[-1] + 1, above[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == known[column - 2] and written[row - 2] == other:
                best = min(best, before[column - 2] + 1)
            current.append(best)
        before, above = above, current
    return above[-1]
