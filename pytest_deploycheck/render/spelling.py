"""Which known name somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=1024)  # A mistake that stands in one service often stands in all of them.
def meant(written: str, known: tuple[str, ...]) -> str | None:
    """The known name that is written in another way, or with a slip or two; None where none is that near.

    Near enough to be sure of: ``buidCommand``, ``build_command`` and ``tpye``, and not ``postDeployCommand``
    for ``preDeployCommand``.
    """
    plain = _plain(written)
    same = next((each for each in known if _plain(each) == plain), None)
    if same is not None:
        return same
    allowed = 1 if len(written) < 6 else 2
    slips = ((_slips(written, each), each) for each in _of_length(known, len(written), allowed))
    nearest = min(slips, default=(allowed + 1, None), key=lambda pair: pair[0])
    return nearest[1] if nearest[0] <= allowed else None


def is_same(written: str, known: tuple[str, ...]) -> bool:
    """Whether a name is a known one but for capitals, blanks, dashes and underscores."""
    return any(_plain(each) == _plain(written) for each in known)


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").casefold()


def _of_length(known: Iterable[str], length: int, allowed: int) -> Iterable[str]:
    return (each for each in known if abs(len(each) - length) <= allowed)


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
