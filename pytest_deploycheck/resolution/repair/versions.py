"""Which versions for the lines that change: the smallest steps with which everything still resolves to wheels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.repair.line import State, States, as_written, with_state
from pytest_deploycheck.resolution.repair.step import Cost, Step, cost, step
from pytest_deploycheck.resolution.repair.trials import Trials, Unanswered
from pytest_deploycheck.resolution.repair.wheels import WheelsView

# Metadata of so many versions is asked for at once: what is tried one after the other is then there already.
_ASKED_AHEAD = 12
# Where it is not known yet whether the first one will do.
_ASKED_AT_FIRST = 3

# The part of what time is left that goes into smaller steps.
_PART_FOR_STEPS = 0.5

# Where targets disagree on the versions, so many choices are tried for all of them.
_MOST_CHOICES = 200

Pins = Mapping[int, Version]
"""The version for each line that changes, by its position."""


class NearestVersions:
    """Finds versions for lines that change."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self._candidates: dict[int, list[Version]] = {}
        # Of the first of them, for each target.
        self._files: dict[int, list[list[tuple[WheelsView, File]]]] = {}
        self._newest: dict[int, Version | None] = {}

    def forget(self) -> None:
        """What is tolerated has changed, and with it which versions have what is wanted."""
        self._candidates.clear()

    def states(self, pins: Pins, open_lines: frozenset[int] = frozenset()) -> States:
        """All lines as they are but for those that change.

        :param open_lines: those that may have any version
        """
        states = with_state(as_written(self._trials.lines), open_lines, State.ANY_VERSION)
        return tuple(pins.get(at, state) for at, state in enumerate(states))

    def candidates(self, position: int) -> list[Version]:
        """The versions of which every target takes a wheel, those of the smallest steps first."""
        if position not in self._candidates:
            line = self._trials.lines[position]
            assert line.project is not None
            targets = [each for each in self._trials.targets if self._trials.counts(line, each)]
            offered = [
                {
                    version: files[0]
                    for version, files in self._trials.wheels(each).candidates(line.project).select(_ANY)
                }
                for each in targets
            ]
            shared = [version for version in offered[0] if all(version in each for each in offered)] if offered else []
            self._candidates[position] = shared
            self._files[position] = [
                [(self._trials.wheels(each), files[version]) for each, files in zip(targets, offered, strict=True)]
                for version in shared[:_ASKED_AHEAD]
            ]
        return self._candidates[position]

    def foresee(self, positions: Iterable[int], most: int = _ASKED_AT_FIRST) -> None:
        """Start to fetch what the nearest versions for some lines require; returns at once.

        :param most: so many of each line
        """
        for position in positions:
            self.candidates(position)
            for version in self._files[position][:most]:
                for view, file in version:
                    view.facts(file)

    def cost(self, pins: Pins) -> Cost:
        """What a choice of versions costs."""
        return cost(self.step(position, version) for position, version in pins.items())

    def step(self, position: int, version: Version) -> Step:
        """From what a line asks for to a version."""
        line, ordered = self._trials.lines[position], self.candidates(position)
        return step(
            version, ordered if version in ordered else [*ordered, version], line.specifier, self.newest(position)
        )

    def newest(self, position: int) -> Version | None:
        """The newest version that a line allows now, of whatever files."""
        if position not in self._newest:
            line = self._trials.lines[position]
            assert line.project is not None
            selected = self._trials.views[0].candidates(line.project).select(line.specifier)
            self._newest[position] = next((version for version, _ in selected), None)
        return self._newest[position]

    def smallest(self, changing: frozenset[int]) -> dict[int, Version] | None:
        """Versions for some lines with which everything resolves to wheels on every target, none of them too far.

        Found by lowering one after the other: with none of the versions that are nearer, the rest as it is or open,
        does everything resolve at a smaller cost.

        :returns: None where none were found
        :raises OutOfTime: the time for all trials is up
        """
        self.foresee(changing, _ASKED_AHEAD)
        pins = self._solved({}, changing)
        if pins is None:
            return None
        best, is_better = pins, True
        enough = self._trials.remaining() * (1 - _PART_FOR_STEPS)
        while is_better:
            is_better = False
            for position in sorted(changing, key=lambda each: self.step(each, best[each]), reverse=True):
                lowered = self._lowered(best, position, changing, enough)
                if lowered is not None:
                    best, is_better = lowered, True
        return best

    def _lowered(
        self, best: dict[int, Version], position: int, changing: frozenset[int], enough: float
    ) -> dict[int, Version] | None:
        """A smaller choice with a nearer version for one line, None where there is none.

        :param enough: with so many seconds left, what was found is taken as it is
        """
        for version in self.candidates(position):
            if version == best[position] or self._trials.remaining() < enough:
                return None
            for others in ({at: pin for at, pin in best.items() if at != position}, {}):
                found = self._solved({**others, position: version}, changing)
                if found is not None and self.cost(found) < self.cost(best):
                    return found
        return None

    def _solved(self, pins: Pins, changing: frozenset[int]) -> dict[int, Version] | None:
        """Versions for the lines that have none yet, the same on every target."""
        if len(self._trials.views) == 1:
            return self._on_target(0, pins, changing)
        for first in self._trials.targets:
            found: dict[int, Version] | None = dict(pins)
            for target in (first, *(each for each in self._trials.targets if each != first)):
                found = None if found is None else self._on_target(target, found, changing)
            if found is not None and found.keys() >= changing:
                return found
        return next(self._choices(pins, changing), None)

    def _on_target(self, target: int, pins: Pins, changing: frozenset[int]) -> dict[int, Version] | None:
        """Further pins, those of the lines that count on a target."""
        try:
            found = self._trials.attempt(target, self.states(pins, changing - pins.keys()))
        except Unanswered:
            return None
        if not found.resolves:
            return None
        complete = dict(pins)
        for position in changing - pins.keys():
            line = self._trials.lines[position]
            assert line.project is not None
            version = found.versions.get(line.project)
            if version is None and line.asked.constraint:
                version = next(iter(self.candidates(position)), None)
            if version is not None and self._trials.counts(line, target):
                complete[position] = version
        return complete

    def _choices(self, pins: Pins, changing: frozenset[int]) -> Iterator[dict[int, Version]]:
        left = sorted(changing - pins.keys())
        for number, versions in enumerate(product(*map(self.candidates, left))):
            if number >= _MOST_CHOICES:
                return
            chosen = {**pins, **dict(zip(left, versions, strict=True))}
            states = self.states(chosen)
            try:
                if all(self._trials.attempt(each, states).resolves for each in self._trials.targets):
                    yield chosen
            except Unanswered:
                continue


_ANY = SpecifierSet()
