"""The search for the fewest lines to change.

What fails without source distributions is cut down to a few lines that fail by themselves, a core: one of them has to
change, whatever else does. So at least as many lines change as the smallest set has that meets every core found so far;
such a set is tried, with its lines open to any version, and if that fails, it gives one more core. The first that does
not fail is a smallest one. (The implicit hitting sets of Reiter, 1987, and of MaxHS, Davies and Bacchus, 2011.)

What pip then picks may yet be a source distribution, where nothing but its age speaks against an older wheel. These
projects get a line more, and smaller changes are looked for one by one as far as there is time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import combinations, islice, product

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.repair.core import core, hitting_sets
from pytest_deploycheck.resolution.repair.line import State, States, new_line, with_state
from pytest_deploycheck.resolution.repair.step import Cost
from pytest_deploycheck.resolution.repair.trials import OutOfTime, Trials, Unanswered
from pytest_deploycheck.resolution.repair.versions import NearestVersions, Pins
from pytest_deploycheck.resolution.result import Distribution, Outcome

# As many smallest sets of lines are compared with each other.
_MOST_SETS = 16

# As many changes of fewer lines are tried one by one.
_MOST_TRIED = 600

# The part of what time is left that this may take.
_PART_FOR_FEWER = 0.3


@dataclass(frozen=True)
class Stuck:
    """Some lines fail together in whatever versions.

    :param target: the position of the target
    :param few: the lines, each in the state in which it is part of it
    """

    target: int
    few: States


@dataclass(frozen=True)
class WithoutWheels:
    """A project that cannot be had as a wheel, whatever is changed.

    :param target: the position of the target
    :param lines: the positions of the lines that bring it in; none where a line names its source itself
    """

    project: NormalizedName
    target: int
    lines: tuple[int, ...]


@dataclass
class Found:
    """What the search has found.

    :param pins: the versions of the lines that change; None where none were found
    :param is_fewest: whether it is certain that no fewer lines suffice
    :param without_wheels: what stays to be built from source
    :param stuck: why there is no change
    :param is_cut_short: whether time was up
    """

    pins: Pins | None = None
    is_fewest: bool = False
    without_wheels: list[WithoutWheels] = field(default_factory=list)
    stuck: Stuck | None = None
    is_cut_short: bool = False


class _NoWheels(Exception):
    def __init__(self, found: list[WithoutWheels]) -> None:
        self.found = found


class _Stuck(Exception):
    def __init__(self, stuck: Stuck) -> None:
        self.stuck = stuck


class Search:
    """One search.

    :param trials: with nothing tried yet
    """

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self.versions = NearestVersions(trials)
        self._cores: list[frozenset[int]] = []

    def foresee(self, blamed: Collection[Location]) -> None:
        """Start to fetch what the search will look at first: other versions for the lines that are to blame."""
        suspected = [each for each in self._trials.lines if each.may_change and each.asked.line in blamed]
        self.versions.foresee(each.position for each in suspected)

    def run(self) -> Found:
        """Find the smallest change; what cannot be had as a wheel is left to be built."""
        found = Found()
        try:
            while found.pins is None:
                try:
                    self._find(found)
                    break
                except _NoWheels as without:
                    found.without_wheels += without.found
                    self._trials.tolerate([each.project for each in without.found])
                    self.versions.forget()
                    self._cores.clear()
        except _Stuck as stuck:
            found.stuck = stuck.stuck
        except (OutOfTime, Unanswered):
            found.is_fewest, found.is_cut_short = False, True
        return found

    def _find(self, found: Found) -> None:
        smallest = self._smallest_sets()
        best: dict[int, Version] | None = None
        for changing in smallest:
            self._trials.progress(self._named(changing))
            pins = self._completed(changing)
            if pins is not None and (best is None or self._order(pins) < self._order(best)):
                best = pins
                found.pins, found.is_fewest = best, len(best) == len(changing)
        if best is None or not found.is_fewest:
            least = min(map(len, smallest))
            fewer, is_certain = self._fewer(least, len(best) if best is not None else least + 2)
            found.pins, found.is_fewest = (fewer if fewer is not None else best), is_certain

    def _named(self, changing: frozenset[int]) -> str:
        names = [str(self._trials.lines[each].project) for each in sorted(changing)]
        return f"which versions of {', '.join(names)}" if names else "what pip picks"

    def _order(self, pins: Pins) -> tuple[int, Cost]:
        return len(pins), self.versions.cost(pins)

    # Which lines have to change.

    def _smallest_sets(self) -> list[frozenset[int]]:
        """Sets of as few lines as suffice for wheels."""
        size = 0
        while True:
            sets = list(islice(hitting_sets(self._cores, size), _MOST_SETS))
            if not sets:
                size += 1
            elif not any(self._adds_a_core(each) for each in sets):
                return sets

    def _adds_a_core(self, changing: frozenset[int]) -> bool:
        """Whether the change of some lines does not suffice: then the reason is one more core."""
        states = self.versions.states({}, changing)
        self.versions.foresee(changing)
        for target in self._trials.targets:
            # What takes long to fail as a whole, since there is so much to choose from, often fails soon alone.
            if self._one_fails_alone(target, changing):
                return True
            if self._trials.fails(target, states):
                self._add(target, core(self._trials, target, states))
                return True
        return False

    def _one_fails_alone(self, target: int, changing: frozenset[int]) -> bool:
        """Whether one of the lines has no version that would do even without all others, which is soon found out."""
        nothing: States = tuple(State.LEFT_OUT for _ in self._trials.lines)
        for position in sorted(changing):
            alone = with_state(nothing, (position,), State.ANY_VERSION)
            if self._trials.fails(target, alone):
                self._add(target, alone)
                return True
        return False

    def _add(self, target: int, few: States) -> None:
        kept = frozenset(
            at for at, state in enumerate(few) if state is State.KEPT and self._trials.lines[at].may_change
        )
        if not kept:
            without = self._without_wheels(target, few)
            raise _NoWheels(without) if without else _Stuck(Stuck(target, few))
        names = ", ".join(str(self._trials.lines[each].project) for each in sorted(kept))
        self._trials.progress(f"{names} has to change" if len(kept) == 1 else f"one of {names} has to change")
        self._cores.append(kept)

    def _without_wheels(self, target: int, few: States) -> list[WithoutWheels]:
        """The projects of a failure that have versions that would do, and no wheel of them.

        The conflict names them, or else they are among what pip would pick, were it free to build: those without any
        wheel rather than those that have one of a version that does not fit.
        """
        lines = tuple(at for at, state in enumerate(few) if state is not State.LEFT_OUT)
        wanted = _together(self._trials.attempt(target, few).wanted)
        names = [project for project, specifier in wanted if self._is_only_built(target, project, specifier)]
        if not names:
            built = [NormalizedName(each.name) for each in self._trials.installed(target, few).to_build]
            built = [each for each in built if each not in self._trials.tolerated]
            names = [each for each in built if self._is_only_built(target, each, SpecifierSet())] or built
        return [WithoutWheels(project, target, lines) for project in names]

    def _is_only_built(self, target: int, project: NormalizedName, specifier: SpecifierSet) -> bool:
        """Whether there are versions that would do, but no wheel of any of them."""
        wheels, anything = (
            next(view.candidates(project).select(specifier), None)
            for view in (self._trials.wheels(target), self._trials.views[target])
        )
        return wheels is None and anything is not None

    # What pip would then pick.

    def _completed(self, changing: frozenset[int]) -> dict[int, Version] | None:
        """Versions for some lines, and for as many further ones as keep pip from source distributions."""
        wanted = changing
        while True:
            pins = self.versions.smallest(changing)
            if pins is None:
                return None
            to_build = self._to_build(pins)
            if to_build is None:
                return None
            if not to_build:
                return self._without_needless(pins, wanted)
            further = frozenset(self._line_for(each) for each in to_build)
            if further <= changing:
                return None
            changing |= further

    def _to_build(self, pins: Pins) -> list[NormalizedName] | None:
        """The projects that pip would build all the same; None where it would fail."""
        names: dict[NormalizedName, None] = {}
        states = self.versions.states(pins)
        for target in self._trials.targets:
            found = self._trials.installed(target, states)
            if found.outcome is not Outcome.OK:
                return None
            for each in found.distributions:
                if needs_a_word(each) and each.name not in self._trials.tolerated:
                    if each.is_direct:
                        raise _NoWheels([WithoutWheels(NormalizedName(each.name), target, ())])
                    names[NormalizedName(each.name)] = None
        return list(names)

    def _line_for(self, project: NormalizedName) -> int:
        """The line for a project, or a new one."""
        for line in self._trials.lines:
            if line.project == project and (line.may_change or line.is_new):
                return line.position
        self._trials.add(new_line(len(self._trials.lines), project))
        return len(self._trials.lines) - 1

    def _without_needless(self, pins: dict[int, Version], wanted: frozenset[int]) -> dict[int, Version]:
        """The same without the lines that another of them makes needless."""
        for position in sorted(pins.keys() - wanted, reverse=True):
            fewer = {at: version for at, version in pins.items() if at != position}
            if self._to_build(fewer) == []:
                pins = fewer
        return pins

    # Whether fewer would do.

    def _fewer(self, least: int, most: int) -> tuple[dict[int, Version] | None, bool]:
        """A change of at least so many lines and of fewer than so many others, and whether all were tried.

        :returns: None where none was found
        """
        tried, enough = 0, self._trials.remaining() * (1 - _PART_FOR_FEWER)
        for size in range(least, most):
            best: dict[int, Version] | None = None
            for pins in self._changes(size):
                tried += 1
                if tried > _MOST_TRIED or self._trials.remaining() < enough:
                    return best, False
                try:
                    if (best is None or self._order(pins) < self._order(best)) and self._to_build(pins) == []:
                        best = pins
                except OutOfTime:
                    return best, False
            if best is not None:
                return best, True
        return None, True

    def _changes(self, size: int) -> Iterator[dict[int, Version]]:
        """Every change of so many lines, those that are kept from being built first."""
        for changing in combinations(self._pool(), size):
            if all(not each.isdisjoint(changing) for each in self._cores):
                for versions in product(*map(self.versions.candidates, changing)):
                    yield dict(zip(changing, versions, strict=True))

    def _pool(self) -> list[int]:
        """The lines that may change, with one for each project that was ever picked."""
        for name in self._trials.picked():
            if not any(line.project == name for line in self._trials.lines):
                self._line_for(name)
        return [each.position for each in self._trials.lines if each.may_change or each.is_new]


def needs_a_word(distribution: Distribution) -> bool:
    """What is named itself, such as a repository, is meant to be built, unless that may need a compiler."""
    if distribution.file.is_wheel:
        return False
    return not distribution.is_direct or distribution.native is not False


def _together(wanted: tuple[Requirement, ...]) -> Iterator[tuple[NormalizedName, SpecifierSet]]:
    """What is required of each project: one by one, then all together."""
    by_project: dict[NormalizedName, SpecifierSet] = {}
    for each in wanted:
        name = canonicalize_name(each.name)
        by_project[name] = by_project.get(name, SpecifierSet()) & each.specifier
    yield from by_project.items()
