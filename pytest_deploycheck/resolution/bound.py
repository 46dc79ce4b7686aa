"""A bound on the work of one resolution, so that no run hangs."""

from __future__ import annotations

import time
from collections import Counter

# pip's own bound (``Resolver.resolve``), which takes it many minutes to reach.
MOST_ROUNDS = 200_000

# Seconds for one resolution. What pip needs longest for, of all files that were tried, took it 113 s.
MOST_SECONDS = 120.0

_MOST_NAMED = 3


class TooMuchWork(Exception):
    """The resolution was given up, and nothing is known. The message names the projects that were tried most."""


class Bound:
    """Counts the work of one resolution, from now on.

    :param seconds: how long it may take; None: as long as pip was ever seen to need
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = MOST_SECONDS if seconds is None else seconds
        self._start = time.monotonic()
        self._rounds = 0
        self._tried: Counter[str] = Counter()

    @property
    def rounds(self) -> int:
        """How many there may be."""
        return MOST_ROUNDS

    def check(self) -> None:
        """One more round.

        :raises TooMuchWork: the time is up
        """
        self._rounds += 1
        if time.monotonic() - self._start > self._seconds:
            raise self.reached()

    def tried(self, project: str) -> None:
        """One more version of a project is tried."""
        self._tried[project] += 1

    def reached(self) -> TooMuchWork:
        """What to raise once a bound is reached."""
        seconds = time.monotonic() - self._start
        return TooMuchWork(
            f"gave up after {seconds:.0f} s and {self._rounds:,} rounds, as pip might go on for long{self._often}; "
            "pin these, or give them a lower bound"
        )

    def without_end(self) -> TooMuchWork:
        """What to raise where pip gets lost, too.

        resolvelib 1.2.1, which pip 26.3 has inside, looks for the way from a project up to the user's lines and follows
        a circle for ever: one of projects that require each other, and that nothing else requires any more since
        another version of something was taken.
        """
        return TooMuchWork(
            "pip breaks off with a RecursionError here: it goes round in a circle of projects that require each other"
            f"{self._often}; pin these to the versions that shall be installed"
        )

    @property
    def _often(self) -> str:
        often = [f"{project} ({times:,} times)" for project, times in self._tried.most_common(_MOST_NAMED) if times > 1]
        return f"; tried over and over: {', '.join(often)}" if often else ""
