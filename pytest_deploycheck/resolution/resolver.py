"""From the lines of a requirements file to what pip would pick for them on a target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version
from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep, Resolver

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.ahead import Ahead
from pytest_deploycheck.resolution.candidates import Preferences, ProjectCandidates, python_specifier
from pytest_deploycheck.resolution.direct import direct_file
from pytest_deploycheck.resolution.explanation import absence, causes_of, conflict_message, python_message
from pytest_deploycheck.resolution.graph import distributions
from pytest_deploycheck.resolution.hash_checking import hash_fault
from pytest_deploycheck.resolution.index import BrokenDistribution
from pytest_deploycheck.resolution.indexes import Indexes
from pytest_deploycheck.resolution.metadata import Metadata, requirement
from pytest_deploycheck.resolution.page import File, ProjectPage
from pytest_deploycheck.resolution.provider import (
    ANY_VERSION,
    Candidate,
    DistributionCandidate,
    ExactWish,
    ImpossibleWish,
    Provider,
    PythonWish,
    Wish,
    wishes,
)
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.sdist import Sdist
from pytest_deploycheck.resolution.target import Target, architecture
from pytest_deploycheck.resolution.transport import Unreachable, redacted

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation

# pip's bound (``Resolver.resolve``).
_MOST_ROUNDS = 200_000


class Refused(Exception):
    """pip stops before it resolves anything, for the reason given."""


@dataclass(frozen=True)
class Asked:
    """One line that asks for a distribution, or constrains one.

    :param requirement: None where the line is only a link, which then has to tell the name
    :param line: None where nobody wrote it: a trial
    :param link: the URL of a file, a folder or a repository; empty where an index is to be searched
    :param marker: of a link without a name
    :param extras: likewise
    :param hashes: ``sha256=...``: those that the line allows
    """

    requirement: Requirement | None
    line: Location | None = None
    constraint: bool = False
    link: str = ""
    marker: Marker | None = None
    extras: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()


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
        self._direct: dict[str, DistributionCandidate] = {}
        self._candidates: dict[NormalizedName, ProjectCandidates] = {}
        self._markers: dict[tuple[str, str], bool] = {}
        self._python_wishes: dict[str, PythonWish] = {}

    def page(self, project: NormalizedName) -> Future[ProjectPage]:
        """What the indexes have of a project."""
        return self.indexes.page(project, architecture(self.target.platform))

    def candidates(self, project: NormalizedName) -> ProjectCandidates:
        """:raises Unreachable: the index did not answer"""
        if project not in self._candidates:
            page = self.page(project).result()
            self._candidates[project] = ProjectCandidates(page, self.target, self._preferences(project))
        return self._candidates[project]

    def direct(self, link: str, requirement: Requirement | None) -> DistributionCandidate:
        """The candidate for a link; one and the same each time.

        :raises Refused: pip would not take it, or it does not tell which project it is
        :raises Unreachable: it could not be fetched
        """
        if link not in self._direct:
            file = direct_file(link)
            self._direct[link] = self._of_wheel(file) if file.is_wheel else self._of_source(file, requirement)
        return self._direct[link]

    def _of_wheel(self, file: File) -> DistributionCandidate:
        try:
            name, version, _, tags = parse_wheel_filename(file.filename)
        except (InvalidWheelFilename, InvalidVersion) as error:
            raise Refused(f"{file.filename}: {error}") from error
        if tags.isdisjoint(self.target.tag_rank):
            raise Refused(f"{file.filename} is not a wheel for {self.target.name}")
        return DistributionCandidate(name, version, file, direct=True)

    def _of_source(self, file: File, requirement: Requirement | None) -> DistributionCandidate:
        try:
            metadata = self.sdist(file).metadata
        except BrokenDistribution as error:
            raise Refused(str(error)) from error
        name = requirement.name if requirement else metadata.name
        if not name:
            raise Refused(f"{redacted(file.url)}: which project this is cannot be told: write `name @ {file.url}`")
        try:
            version = Version(metadata.version)
        except InvalidVersion:
            version = ANY_VERSION  # Only a build would tell.
        return DistributionCandidate(canonicalize_name(name), version, file, direct=True)

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

    def holds(self, marker: Marker | None, extras: Iterable[str] = ("",)) -> bool:
        """Whether a marker is true on the target, with any of the extras."""
        if marker is None:
            return True
        text = str(marker)
        return any(self._holds(marker, text, extra) for extra in extras)

    def _holds(self, marker: Marker, text: str, extra: str) -> bool:
        key = (text, extra)
        if key not in self._markers:
            self._markers[key] = marker.evaluate({**self.target.environment, "extra": extra})
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
            if self.holds(each.marker, wanted or ("",)):
                found.extend(self.linked(each.url, each, None, each.extras) if each.url else wishes(each))
        return found

    def linked(
        self, link: str, requirement: Requirement | None, line: Location | None, extras: Iterable[str]
    ) -> list[Wish]:
        """A requirement that names a link, as the resolver takes it: the file, and the file with extras.

        :raises Refused: as for :meth:`direct`
        """
        base = self.direct(link, requirement)
        normalised = frozenset(map(canonicalize_name, extras))
        found: list[Wish] = [ExactWish(base, line)]
        if normalised:
            found.append(ExactWish(base.with_extras(normalised), line))
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
    if base.direct or not metadata.name:
        return
    try:
        same = canonicalize_name(metadata.name) == base.project and Version(metadata.version) == base.version
    except InvalidVersion:
        same = False
    if not same:
        raise BrokenDistribution(f"{base.file.filename}: its metadata says {metadata.name} {metadata.version}")


def resolve(source: str, asked: Sequence[Asked], view: TargetView, *, hash_checking: bool = False) -> Resolution:
    """What pip would pick for these lines; an index out of reach is an outcome, not an exception.

    :param hash_checking: pip's mode, in which every distribution needs a hash
    """
    applying = [each for each in asked if view.holds(each.requirement.marker if each.requirement else each.marker)]
    try:
        resolution = _resolve(source, applying, view)
        return _with_hashes_checked(resolution, applying) if hash_checking else resolution
    except Unreachable as error:
        return Resolution(source, view.target, Outcome.UNREACHABLE, str(error))
    except Refused as error:
        return Resolution(source, view.target, Outcome.INVALID, str(error))


def _resolve(source: str, asked: Sequence[Asked], view: TargetView) -> Resolution:
    user = _understood(asked, view)
    ahead = Ahead(view.page, view.candidates, view.facts, view.dependencies, user.known)

    def dependencies(base: DistributionCandidate, extras: frozenset[NormalizedName]) -> list[Wish]:
        ahead.follow(base, extras)
        found = view.dependencies(base, extras)
        ahead.fetch(found)
        return found

    provider = Provider(
        view.target.python_version, view.candidates, dependencies, user.order, user.constraints, user.linked
    )
    trail = _Trail()
    ahead.fetch(user.roots)
    resolver: Resolver[Wish, Candidate, str] = Resolver(provider, trail)
    try:
        result = resolver.resolve(user.roots, max_rounds=_MOST_ROUNDS)
    except ResolutionImpossible as impossible:
        return _explained(source, list(impossible.causes), trail, user, view)
    except ResolutionTooDeep:
        raise Unreachable(f"gave up after {_MOST_ROUNDS} rounds: too many versions fit almost; pin some") from None
    finally:
        ahead.stop()
    return Resolution(source, view.target, Outcome.OK, distributions=distributions(result, user.lines, view.sdist))


def _with_hashes_checked(resolution: Resolution, asked: Sequence[Asked]) -> Resolution:
    specifiers: dict[NormalizedName, SpecifierSet] = {}
    allowed: dict[str, frozenset[str]] = {}
    for each in asked:
        if each.requirement is not None:
            name = canonicalize_name(each.requirement.name)
            _narrow(specifiers, each.requirement)
            allowed[name] = allowed.get(name, frozenset()) | frozenset(each.hashes)
    fault = hash_fault(resolution.distributions, allowed, specifiers)
    if fault is None:
        return resolution
    return replace(resolution, outcome=fault.outcome, message=fault.message, evidence=fault.evidence)


@dataclass
class _Understood:
    """The user's lines as the resolver takes them.

    :param order: the position of each identifier among the lines
    :param constraints: what constraint lines say, by project
    :param linked: the file that a constraint line names, by project
    :param known: what any line says of a project's versions
    :param lines: the first line of each project
    """

    roots: list[Wish] = field(default_factory=list)
    order: dict[str, int] = field(default_factory=dict)
    constraints: dict[NormalizedName, SpecifierSet] = field(default_factory=dict)
    linked: dict[NormalizedName, DistributionCandidate] = field(default_factory=dict)
    known: dict[NormalizedName, SpecifierSet] = field(default_factory=dict)
    lines: dict[str, Location | None] = field(default_factory=dict)


def _understood(asked: Sequence[Asked], view: TargetView) -> _Understood:
    user = _Understood()
    for position, each in enumerate(asked):
        if each.requirement is not None:
            _narrow(user.known, each.requirement)
        if each.constraint:
            _constrain(user, each, view)
        else:
            _ask(user, each, position, view)
    # As pip: those with extras last, since the plain ones narrow the candidates for them.
    user.roots.sort(key=lambda wish: wish.name != wish.project)
    return user


def _ask(user: _Understood, each: Asked, position: int, view: TargetView) -> None:
    if each.link:
        extras = each.requirement.extras if each.requirement else each.extras
        split = view.linked(each.link, each.requirement, each.line, extras)
    else:
        assert each.requirement is not None  # Without a link there is a name.
        split = list(wishes(each.requirement, each.line))
    user.order.setdefault(split[0].name, position)
    user.lines.setdefault(split[0].project, each.line)
    user.roots.extend(split)


def _constrain(user: _Understood, each: Asked, view: TargetView) -> None:
    if each.requirement is None:
        raise Refused(f"{each.line}: a constraint must have a name")
    _narrow(user.constraints, each.requirement)
    if each.link:
        user.linked[canonicalize_name(each.requirement.name)] = view.direct(each.link, each.requirement)


def _narrow(specifiers: dict[NormalizedName, SpecifierSet], requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    specifiers[name] = specifiers.get(name, SpecifierSet()) & requirement.specifier


class _Trail(BaseReporter[Wish, Candidate, str]):
    """Who asked for what, for the explanation of a conflict: the resolver itself then keeps only the last two sides."""

    def __init__(self) -> None:
        self.parents: defaultdict[str, list[str]] = defaultdict(list)

    def adding_requirement(self, requirement: Wish, parent: Candidate | None) -> None:
        if parent is not None and parent.project not in self.parents[requirement.project]:
            self.parents[requirement.project].append(parent.project)


def _explained(
    source: str,
    sides: list[RequirementInformation[Wish, Candidate]],
    trail: _Trail,
    user: _Understood,
    view: TargetView,
) -> Resolution:
    """As pip reports it: Requires-Python first, then a single requirement without a match, else a conflict."""
    python = [side for side in sides if isinstance(side.requirement, PythonWish)]
    causes = causes_of(python or sides, trail.parents, user.lines)
    if python:
        return Resolution(source, view.target, Outcome.NO_MATCH, python_message(python, view.target), causes=causes)
    wish = sides[0].requirement
    if len(sides) == 1 and wish.project not in user.constraints:
        evidence = absence(view.candidates(wish.project), view.target)
        whose = f", which {causes[0].parent} requires" if causes[0].parent else ""
        message = f"pip finds no distribution for {causes[0].requirement}{whose}"
        return Resolution(source, view.target, Outcome.NO_MATCH, message, causes=causes, evidence=evidence)
    return Resolution(source, view.target, Outcome.CONFLICT, conflict_message(causes), causes=causes)
