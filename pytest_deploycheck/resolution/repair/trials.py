"""What lines resolve to in one state or another: each is tried once, on every target, until the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from pytest_deploycheck.resolution.bound import Bound
from pytest_deploycheck.resolution.repair.line import Line, State, States, asked_in
from pytest_deploycheck.resolution.repair.wheels import WheelsView
from pytest_deploycheck.resolution.resolver import resolve
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.view import TargetView

# Seconds for one of many trials, and the part of all the time that it may take.
_MOST_SECONDS = 8.0
_LARGEST_PART = 0.25


class OutOfTime(Exception):
    """The time for the search is up."""


class Unanswered(Exception):
    """Whether lines resolve was not found out; the message says why."""


@dataclass(frozen=True)
class Trial:
    """What lines resolve to without source distributions.

    :param versions: by project, where they resolve
    :param lines: the positions of lines that the conflict names, where they do not
    :param wanted: the requirements that the conflict names
    """

    resolves: bool
    versions: dict[NormalizedName, Version] = field(default_factory=dict)
    lines: tuple[int, ...] = ()
    wanted: tuple[Requirement, ...] = ()


class Trials:
    """:param views: of the targets
    :param seconds: for all trials together
    :param progress: told what is tried
    """

    def __init__(
        self,
        lines: Sequence[Line],
        views: Sequence[TargetView],
        seconds: float,
        progress: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.lines = list(lines)
        self.views = views
        self.progress = progress
        self.tolerated: set[NormalizedName] = set()
        self._until = time.monotonic() + seconds
        self._most_seconds = min(_MOST_SECONDS, seconds * _LARGEST_PART)
        self._wheels: list[WheelsView] = []
        self._known: dict[tuple[int, States], Trial] = {}
        self._real: dict[tuple[int, States], Resolution] = {}
        self._picked: set[NormalizedName] = set()
        self.tolerate(())

    @property
    def targets(self) -> range:
        """The positions of the targets."""
        return range(len(self.views))

    def tolerate(self, projects: Collection[NormalizedName]) -> None:
        """From now on, some projects may be built from source; what was tried before counts no more."""
        self.tolerated.update(projects)
        by_project: dict[NormalizedName, list[SpecifierSet]] = {}
        for line in self.lines:
            if line.project is not None:
                by_project.setdefault(line.project, []).append(line.specifier)
        self._wheels = [WheelsView(view, by_project, self.tolerated) for view in self.views]
        self._known.clear()

    def wheels(self, target: int) -> WheelsView:
        """A target's view without source distributions."""
        return self._wheels[target]

    def counts(self, line: Line, target: int) -> bool:
        """Whether a line says anything on a target; where that cannot be said, its resolution is none either."""
        return self.views[target].target.may_hold(line.marker)

    def attempt(self, target: int, states: States) -> Trial:
        """What lines resolve to without source distributions.

        :raises OutOfTime: the time for all is up
        :raises Unanswered: that for one is, or the index did not answer
        """
        key = (target, self._normalised(target, states))
        if key not in self._known:
            asked = list(asked_in(self.lines, key[1]))
            found = resolve("", asked, self._wheels[target], is_trial=True, bound=self._bound())
            if found.outcome is Outcome.UNREACHABLE:
                raise Unanswered(found.message)
            self._known[key] = self._trial(found)
        return self._known[key]

    def fails(self, target: int, states: States) -> bool:
        """Whether it is certain that lines do not resolve without source distributions.

        :raises OutOfTime: the time for all trials is up
        """
        try:
            return not self.attempt(target, states).resolves
        except Unanswered:
            return False

    def installed(self, target: int, states: States) -> Resolution:
        """What pip would pick.

        :raises OutOfTime: the time for all trials is up
        """
        key = (target, self._normalised(target, states))
        if key not in self._real:
            asked = list(asked_in(self.lines, key[1]))
            found = resolve("", asked, self.views[target], is_trial=True, bound=self._bound())
            self._picked |= {NormalizedName(each.name) for each in found.distributions}
            self._real[key] = found
        return self._real[key]

    def add(self, line: Line) -> None:
        """One more line; what was tried before counts no more, since states have one more part now."""
        self.lines.append(line)
        self._known.clear()
        self._real.clear()

    def picked(self) -> set[NormalizedName]:
        """Each project that was in any resolution."""
        return self._picked

    def remaining(self) -> float:
        """Seconds."""
        return self._until - time.monotonic()

    def _bound(self) -> Bound:
        if self.remaining() <= 0:
            raise OutOfTime
        return Bound(min(self.remaining(), self._most_seconds))

    def _normalised(self, target: int, states: States) -> States:
        pairs = zip(self.lines, states, strict=True)
        return tuple(state if self.counts(line, target) else State.LEFT_OUT for line, state in pairs)

    def _trial(self, found: Resolution) -> Trial:
        if found.outcome is Outcome.OK:
            versions = {}
            for each in found.distributions:
                try:
                    versions[NormalizedName(each.name)] = Version(each.version)
                except InvalidVersion:  # What is not known of a source that a line names.
                    continue
            return Trial(True, versions)
        named = [each.line.line - 1 for each in found.causes if each.line]
        wanted = [_requirement(each.requirement) for each in found.causes]
        projects = {canonicalize_name(each.name) for each in wanted if each}
        projects |= {canonicalize_name(each.parent.partition(" ")[0]) for each in found.causes if each.parent}
        named += [line.position for line in self.lines if line.project in projects]
        return Trial(False, lines=tuple(dict.fromkeys(named)), wanted=tuple(each for each in wanted if each))


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None
