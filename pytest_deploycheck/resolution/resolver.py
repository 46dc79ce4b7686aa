"""From the lines of a requirements file to what pip would pick for them on a target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version
from resolvelib import BaseReporter, ResolutionImpossible, Resolver

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.ahead import Ahead
from pytest_deploycheck.resolution.candidates import Preferences, ProjectCandidates, python_specifier
from pytest_deploycheck.resolution.explanation import absence, causes_of, conflict_message, python_message
from pytest_deploycheck.resolution.graph import distributions
from pytest_deploycheck.resolution.index import BrokenDistribution
from pytest_deploycheck.resolution.indexes import Indexes
from pytest_deploycheck.resolution.metadata import Metadata, requirement
from pytest_deploycheck.resolution.page import File
from pytest_deploycheck.resolution.provider import (
    Candidate,
    DistributionCandidate,
    ImpossibleWish,
    Provider,
    PythonWish,
    SpecifierWish,
    Wish,
    wishes,
)
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.sdist import Sdist
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.transport import Unreachable

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation

# pip's bound (``Resolver.resolve``).
_MOST_ROUNDS = 200_000


@dataclass(frozen=True)
class Asked:
    """One line that asks for a distribution, or constrains one.

    :param line: None where nobody wrote it: a trial
    """

    requirement: Requirement
    line: Location | None = None
    constraint: bool = False


class TargetView:
    """The indexes as one target sees them; safe to use from several threads.

    :param preferences: what the options of the source say on a project
    """

    def __init__(
        self,
        indexes: Indexes,
        target: Target,
        preferences: Callable[[NormalizedName], Preferences] = lambda project: Preferences(),
    ) -> None:
        self.indexes = indexes
        self.client = indexes.client
        self.target = target
        self._preferences = preferences
        self._candidates: dict[NormalizedName, ProjectCandidates] = {}
        self._markers: dict[tuple[str, str], bool] = {}
        self._python_wishes: dict[str, PythonWish] = {}

    def candidates(self, project: NormalizedName) -> ProjectCandidates:
        """:raises Unreachable: the index did not answer"""
        if project not in self._candidates:
            page = self.indexes.page(project).result()
            self._candidates[project] = ProjectCandidates(page, self.target, self._preferences(project))
        return self._candidates[project]

    def facts(self, file: File) -> Future[Any]:
        """The metadata of a wheel, or what a source distribution says of itself."""
        return self.client.metadata(file) if file.is_wheel else self.client.sdist(file)

    def sdist(self, file: File) -> Sdist:
        """:raises Unreachable: the index did not answer"""
        return self.client.sdist(file).result()

    def metadata(self, file: File) -> Metadata:
        """:raises Unreachable: the index did not answer
        :raises BrokenDistribution: the file is not what its name says"""
        return self.client.metadata(file).result() if file.is_wheel else self.sdist(file).metadata

    def holds(self, asked: Requirement, extras: Iterable[str] = ("",)) -> bool:
        """Whether the marker of a requirement is true on the target, with any of the extras."""
        if asked.marker is None:
            return True
        text = str(asked.marker)
        return any(self._holds(asked, text, extra) for extra in extras)

    def _holds(self, asked: Requirement, text: str, extra: str) -> bool:
        key = (text, extra)
        if key not in self._markers:
            assert asked.marker is not None
            self._markers[key] = asked.marker.evaluate({**self.target.environment, "extra": extra})
        return self._markers[key]

    def dependencies(self, base: DistributionCandidate, extras: frozenset[NormalizedName]) -> list[Wish]:
        """What a file requires on the target; with extras, only what these add to pip's requirement of the file itself.

        :raises Unreachable: the index did not answer
        """
        try:
            metadata = self.metadata(base.file)
            _check_identity(base, metadata)
        except BrokenDistribution as error:
            base.broken = True
            return [ImpossibleWish(base.project, str(error))]
        try:
            required = [requirement(text) for text in metadata.requires_dist]
        except InvalidRequirement as error:
            return [ImpossibleWish(base.project, f"{base.file.filename} has invalid metadata: {error}")]
        wanted = extras & set(metadata.provides_extra)
        found = [] if extras else self._python_wish(metadata)
        for each in required:
            if self.holds(each, wanted or ("",)):
                found.extend(wishes(each))
        return found

    def _python_wish(self, metadata: Metadata) -> list[Wish]:
        specifier = python_specifier(metadata.requires_python)
        if not specifier:
            return []
        return [self._python_wishes.setdefault(str(specifier), PythonWish(specifier))]


def _check_identity(base: DistributionCandidate, metadata: Metadata) -> None:
    """pip discards a file whose metadata names another project or version.

    A source distribution without any ``PKG-INFO`` says nothing that could differ.

    :raises BrokenDistribution: it is another one
    """
    if not metadata.name:
        return
    try:
        same = canonicalize_name(metadata.name) == base.project and Version(metadata.version) == base.version
    except InvalidVersion:
        same = False
    if not same:
        raise BrokenDistribution(f"{base.file.filename}: its metadata says {metadata.name} {metadata.version}")


def resolve(source: str, asked: Sequence[Asked], view: TargetView) -> Resolution:
    """What pip would pick for these lines; an index out of reach is an outcome, not an exception."""
    try:
        return _resolve(source, [each for each in asked if view.holds(each.requirement)], view)
    except Unreachable as error:
        return Resolution(source, view.target, Outcome.UNREACHABLE, str(error))


def _resolve(source: str, asked: Sequence[Asked], view: TargetView) -> Resolution:
    roots, user_requested = _roots(asked)
    constraints = _combined(each for each in asked if each.constraint)
    ahead = Ahead(view.indexes.page, view.candidates, view.facts, view.dependencies, _combined(asked))

    def dependencies(base: DistributionCandidate, extras: frozenset[NormalizedName]) -> list[Wish]:
        found = view.dependencies(base, extras)
        ahead.fetch(found)
        return found

    provider = Provider(view.target.python_version, view.candidates, dependencies, user_requested, constraints)
    trail = _Trail()
    lines = _lines(asked)
    ahead.fetch(roots)
    resolver: Resolver[Wish, Candidate, str] = Resolver(provider, trail)
    try:
        result = resolver.resolve(roots, max_rounds=_MOST_ROUNDS)
    except ResolutionImpossible as impossible:
        return _explained(source, list(impossible.causes), trail, constraints, lines, view)
    finally:
        ahead.stop()
    return Resolution(source, view.target, Outcome.OK, distributions=distributions(result, lines, view.sdist))


class _Trail(BaseReporter[Wish, Candidate, str]):
    """Who asked for what, for the explanation of a conflict: the resolver itself then keeps only the last two sides."""

    def __init__(self) -> None:
        self.parents: defaultdict[str, list[str]] = defaultdict(list)

    def adding_requirement(self, requirement: Wish, parent: Candidate | None) -> None:
        if parent is not None and parent.project not in self.parents[requirement.project]:
            self.parents[requirement.project].append(parent.project)


def _roots(asked: Sequence[Asked]) -> tuple[list[SpecifierWish], dict[str, int]]:
    """The user's requirements, and their order by identifier.

    As pip, those with extras come last: the plain ones narrow the candidates for them.
    """
    roots: list[SpecifierWish] = []
    order: dict[str, int] = {}
    for position, each in enumerate(asked):
        if not each.constraint:
            split = list(wishes(each.requirement, each.line))
            order.setdefault(split[0].name, position)
            roots.extend(split)
    return sorted(roots, key=lambda wish: wish.name != wish.project), order


def _combined(asked: Iterable[Asked]) -> dict[NormalizedName, SpecifierSet]:
    combined: dict[NormalizedName, SpecifierSet] = {}
    for each in asked:
        name = canonicalize_name(each.requirement.name)
        combined[name] = combined.get(name, SpecifierSet()) & each.requirement.specifier
    return combined


def _lines(asked: Iterable[Asked]) -> dict[str, Location | None]:
    """The first line of each project."""
    lines: dict[str, Location | None] = {}
    for each in asked:
        if not each.constraint:
            lines.setdefault(canonicalize_name(each.requirement.name), each.line)
    return lines


def _explained(
    source: str,
    sides: list[RequirementInformation[Wish, Candidate]],
    trail: _Trail,
    constraints: dict[NormalizedName, SpecifierSet],
    lines: dict[str, Location | None],
    view: TargetView,
) -> Resolution:
    """As pip reports it: Requires-Python first, then a single requirement without a match, else a conflict."""
    python = [side for side in sides if isinstance(side.requirement, PythonWish)]
    causes = causes_of(python or sides, trail.parents, lines)
    if python:
        return Resolution(source, view.target, Outcome.NO_MATCH, python_message(python, view.target), causes=causes)
    wish = sides[0].requirement
    if len(sides) == 1 and wish.project not in constraints:
        evidence = absence(view.candidates(wish.project), view.target)
        message = f"pip finds no distribution for {causes[0]}"
        return Resolution(source, view.target, Outcome.NO_MATCH, message, causes=causes, evidence=evidence)
    return Resolution(source, view.target, Outcome.CONFLICT, conflict_message(causes), causes=causes)
