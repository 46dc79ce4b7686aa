"""The world as the resolver sees it: pip's provider, for a target that is not this machine.

The resolver is resolvelib, pip's own. What it prefers and in which order it tries candidates is here, after
pip 26.3 (``pip/_internal/resolution/resolvelib``): same preferences, same answers. What differs is when metadata
is fetched: pip fetches it to see whether a candidate exists at all, here only a candidate that is tried needs it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version
from resolvelib import AbstractProvider

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.candidates import ProjectCandidates
from pytest_deploycheck.resolution.page import File

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation

PYTHON = "<Python from Requires-Python>"

ANY_VERSION = Version("0+unknown")
"""The version of a source that cannot be read here."""

# pip's: a project that stood unpinned in so many conflicts is decided before others.
_CONFLICTS_UNTIL_PROMOTED = 5


class SpecifierWish:
    """A requirement by name and versions, perhaps with extras: a user's line or a distribution's dependency."""

    __slots__ = ("extras", "line", "name", "operators", "project", "specifier", "text")

    def __init__(self, requirement: Requirement, line: Location | None = None, *, with_extras: bool = True) -> None:
        self.project = canonicalize_name(requirement.name)
        self.extras = frozenset(map(canonicalize_name, requirement.extras)) if with_extras else frozenset()
        self.specifier = requirement.specifier
        self.name = identifier(self.project, self.extras)
        self.text = f"{self.name}{self.specifier}"
        self.line = line
        self.operators = [(each.operator, each.version) for each in self.specifier]

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        # Whether a pre-release may be taken was decided when the candidates were selected.
        return candidate.version is ANY_VERSION or self.specifier.contains(candidate.version, prereleases=True)


@dataclass(frozen=True, eq=False)
class ExactWish:
    """A requirement for one candidate: what an extra requires of its own project, and what a URL stands for."""

    candidate: Candidate
    line: Location | None = None

    @property
    def name(self) -> str:
        return self.candidate.name

    @property
    def project(self) -> NormalizedName:
        return self.candidate.project

    @property
    def text(self) -> str:
        return f"{self.name}=={self.candidate.version}"

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        return candidate is self.candidate


@dataclass(frozen=True, eq=False)
class PythonWish:
    """``Requires-Python``."""

    specifier: SpecifierSet
    line: Location | None = None
    name: str = PYTHON
    project: NormalizedName = NormalizedName(PYTHON)

    @property
    def text(self) -> str:
        return f"Python {self.specifier}"

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        return self.specifier.contains(candidate.version, prereleases=True)


@dataclass(frozen=True, eq=False)
class ImpossibleWish:
    """What a candidate requires whose metadata is broken: nothing can satisfy it, so the next candidate is tried."""

    project: NormalizedName
    reason: str
    line: Location | None = None

    @property
    def name(self) -> str:
        return f"{self.project} (broken)"

    @property
    def text(self) -> str:
        return self.reason

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        return False


Wish: TypeAlias = "SpecifierWish | ExactWish | PythonWish | ImpossibleWish"


class DistributionCandidate:
    """A file that may be picked.

    :param direct: whether a requirement names this very file, instead of the index offering it
    :param version: for a direct file whose version only a build would tell, one that satisfies everybody
    """

    __slots__ = ("_with_extras", "broken", "direct", "file", "name", "project", "version")

    def __init__(self, project: NormalizedName, version: Version, file: File, *, direct: bool = False) -> None:
        self.direct = direct
        self.project = project
        self.name: str = project
        self.version = version
        self.file = file
        # Set once its metadata is seen to be another distribution's; pip then takes the next file of the version.
        self.broken = False
        self._with_extras: dict[frozenset[NormalizedName], ExtrasCandidate] = {}

    def with_extras(self, extras: frozenset[NormalizedName]) -> ExtrasCandidate:
        """The candidate for this file with extras; one and the same each time."""
        if extras not in self._with_extras:
            self._with_extras[extras] = ExtrasCandidate(self, extras)
        return self._with_extras[extras]


class ExtrasCandidate:
    """A file that may be picked, with extras: it requires that very file, and what the extras require."""

    __slots__ = ("base", "extras", "name", "project", "version")

    def __init__(self, base: DistributionCandidate, extras: frozenset[NormalizedName]) -> None:
        self.base = base
        self.project = base.project
        self.extras = extras
        self.name = identifier(base.project, extras)
        self.version = base.version


class PythonCandidate:
    """The target's Python: the one candidate for every ``Requires-Python``."""

    project = NormalizedName(PYTHON)
    name = PYTHON

    def __init__(self, version: Version) -> None:
        self.version = version


Candidate: TypeAlias = "DistributionCandidate | ExtrasCandidate | PythonCandidate"


def identifier(project: str, extras: Iterable[str]) -> str:
    """``uvicorn[standard]``: a project with extras is decided apart from the project."""
    joined = ",".join(sorted(extras))
    return f"{project}[{joined}]" if joined else project


def wishes(requirement: Requirement, line: Location | None = None) -> Iterator[SpecifierWish]:
    """A requirement as pip splits it: one with extras and versions also stands for the project without extras."""
    if requirement.extras and requirement.specifier:
        yield SpecifierWish(requirement, line, with_extras=False)
    yield SpecifierWish(requirement, line)


class Provider(AbstractProvider[Wish, Candidate, str]):
    """pip's preferences.

    :param candidates: gives a project's candidates on the target
    :param dependencies: gives what a file requires there, with the extras named
    :param user_requested: the position of each identifier among the user's lines
    :param constraints: what constraint lines say, by project
    :param linked: the file that a constraint line names, by project
    """

    def __init__(
        self,
        python: Version,
        candidates: Callable[[NormalizedName], ProjectCandidates],
        dependencies: Callable[[DistributionCandidate, frozenset[NormalizedName]], list[Wish]],
        user_requested: Mapping[str, int],
        constraints: Mapping[NormalizedName, SpecifierSet],
        linked: Mapping[NormalizedName, DistributionCandidate] | None = None,
    ) -> None:
        self._python = PythonCandidate(python)
        self._candidates = candidates
        self._dependencies = dependencies
        self._user_requested = user_requested
        self._constraints = constraints
        self._linked = linked or {}
        self._bases: dict[tuple[str, str], DistributionCandidate] = {}
        self._required: dict[Candidate, list[Wish]] = {}
        self._satisfied: dict[tuple[int, int], bool] = {}
        self._conflicts: defaultdict[str, int] = defaultdict(int)
        self._promoted: set[str] = set()

    def identify(self, requirement_or_candidate: Wish | Candidate) -> str:
        return requirement_or_candidate.name

    def is_satisfied_by(self, requirement: Wish, candidate: Candidate) -> bool:
        # Asked again and again of the same pair, in every round. Both live as long as the resolution does.
        key = (id(requirement), id(candidate))
        if key not in self._satisfied:
            self._satisfied[key] = requirement.is_satisfied_by(candidate)
        return self._satisfied[key]

    def get_dependencies(self, candidate: Candidate) -> list[Wish]:
        if candidate not in self._required:
            self._required[candidate] = self._requirements_of(candidate)
        return self._required[candidate]

    def _requirements_of(self, candidate: Candidate) -> list[Wish]:
        if isinstance(candidate, PythonCandidate):
            return []
        if isinstance(candidate, ExtrasCandidate):
            return [ExactWish(candidate.base), *self._dependencies(candidate.base, candidate.extras)]
        return self._dependencies(candidate, frozenset())

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Wish]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> Callable[[], Iterable[Candidate]] | Sequence[Candidate]:
        wanted = list(requirements[identifier])
        rejected = {id(candidate) for candidate in incompatibilities[identifier]}
        if identifier == PYTHON:
            fits = all(self.is_satisfied_by(each, self._python) for each in wanted)
            return [self._python] if fits and id(self._python) not in rejected else []
        exact, specifiers, extras = self._gather(identifier, wanted, requirements)
        if exact:
            return [
                candidate
                for candidate in exact.values()
                if id(candidate) not in rejected
                and all(self.is_satisfied_by(each, candidate) for each in wanted)
                and self._is_allowed(candidate)
            ]
        if not specifiers:
            return []
        project = specifiers[0].project
        combined = self._constraints.get(project, SpecifierSet())
        for each in specifiers:
            combined &= each.specifier
        return lambda: self._found(project, combined, extras, rejected)

    def _is_allowed(self, candidate: Candidate) -> bool:
        constraint = self._constraints.get(candidate.project)
        return (
            constraint is None
            or candidate.version is ANY_VERSION
            or constraint.contains(candidate.version, prereleases=True)
        )

    def _gather(
        self, identifier: str, wanted: list[Wish], requirements: Mapping[str, Iterator[Wish]]
    ) -> tuple[dict[int, Candidate], list[SpecifierWish], frozenset[NormalizedName]]:
        """What decides on the candidates; for a project with extras also what is wished of it without."""
        exact: dict[int, Candidate] = {id(w.candidate): w.candidate for w in wanted if isinstance(w, ExactWish)}
        specifiers = [each for each in wanted if isinstance(each, SpecifierWish)]
        base, bracket, _ = identifier.partition("[")
        linked = self._linked.get(NormalizedName(base)) if specifiers else None
        if not bracket:
            if linked:
                exact[id(linked)] = linked
            return exact, specifiers, frozenset()
        extras = frozenset(map(NormalizedName, identifier[len(base) + 1 : -1].split(",")))
        for wish in requirements.get(base, ()):
            if isinstance(wish, SpecifierWish):
                specifiers.append(wish)
            elif isinstance(wish, ExactWish) and isinstance(wish.candidate, DistributionCandidate):
                linked = wish.candidate
        if linked:
            exact[id(linked)] = linked.with_extras(extras)
        return exact, specifiers, extras

    def _found(
        self,
        project: NormalizedName,
        specifier: SpecifierSet,
        extras: frozenset[NormalizedName],
        rejected: set[int],
    ) -> Iterator[Candidate]:
        for version, files in self._candidates(project).select(specifier):
            for file in files:
                base = self._base(project, version, file)
                candidate = base.with_extras(extras) if extras else base
                if not base.broken and id(candidate) not in rejected:
                    yield candidate
                if not base.broken:  # As pip: the next file of a version only where this one is unusable.
                    break

    def _base(self, project: NormalizedName, version: Version, file: File) -> DistributionCandidate:
        key = (file.url, file.filename)
        if key not in self._bases:
            self._bases[key] = DistributionCandidate(project, version, file)
        return self._bases[key]

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[str],
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[RequirementInformation[Wish, Candidate]]],
        backtrack_causes: Sequence[RequirementInformation[Wish, Candidate]],
    ) -> Iterable[str]:
        """As pip: Requires-Python first, then the causes of the current conflict, then what often was one."""
        causes = self._names_in(backtrack_causes, resolutions)
        current, promoted = [], []
        for each in identifiers:
            if each == PYTHON:
                return [each]
            if each in causes:
                current.append(each)
            elif each in self._promoted:
                promoted.append(each)
        return current or promoted or identifiers

    def _names_in(
        self, causes: Sequence[RequirementInformation[Wish, Candidate]], resolutions: Mapping[str, Candidate]
    ) -> set[str]:
        names = set()
        for cause in causes:
            for side in (cause.requirement, cause.parent):
                if side is None:
                    continue
                names.add(side.name)
                if side.name not in resolutions:
                    self._conflicts[side.name] += 1
                    if self._conflicts[side.name] >= _CONFLICTS_UNTIL_PROMOTED:
                        self._promoted.add(side.name)
        return names

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[RequirementInformation[Wish, Candidate]]],
        backtrack_causes: Sequence[RequirementInformation[Wish, Candidate]],
    ) -> tuple[Any, ...]:
        """As pip: often in conflict, direct, pinned, bounded above, the user's order, any operator at all, the name."""
        direct = pinned = bounded = restricted = False
        for wish, _ in information[identifier]:
            if isinstance(wish, ExactWish):
                direct = True
            elif isinstance(wish, SpecifierWish):
                for operator, version in wish.operators:
                    restricted = True
                    wildcard = "*" in version
                    pinned = pinned or (operator[:2] == "==" and not wildcard)
                    bounded = bounded or operator in ("<", "<=", "~=") or (operator == "==" and wildcard)
        return (
            identifier not in self._promoted,
            not direct,
            not pinned,
            not bounded,
            self._user_requested.get(identifier, math.inf),
            not restricted,
            identifier,
        )
