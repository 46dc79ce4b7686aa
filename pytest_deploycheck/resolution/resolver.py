"""From the lines of a requirements file to what pip would pick for them on a target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version
from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep, Resolver
from resolvelib.resolvers import Result

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.ahead import Ahead
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.bound import Bound, TooMuchWork
from pytest_deploycheck.resolution.candidates import ProjectCandidates, is_exact
from pytest_deploycheck.resolution.constraint import Constraint
from pytest_deploycheck.resolution.direct import direct_file
from pytest_deploycheck.resolution.explanation import absence, built_before, causes_of, conflict_message, python_message
from pytest_deploycheck.resolution.graph import distributions
from pytest_deploycheck.resolution.hash_checking import (
    NO_HASHES,
    HashChecking,
    Hashes,
    HashFault,
    allowed_hashes,
    lacking,
)
from pytest_deploycheck.resolution.http.transport import Unreachable
from pytest_deploycheck.resolution.index import NotCached
from pytest_deploycheck.resolution.markers import UndecidedMarker
from pytest_deploycheck.resolution.provider import Provider
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.versions import Release, release_of
from pytest_deploycheck.resolution.view import Refused, TargetView
from pytest_deploycheck.resolution.wishes import (
    Candidate,
    DistributionCandidate,
    ExactWish,
    PythonWish,
    Unusable,
    Wish,
    wishes,
)

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation


def resolve(
    source: str,
    asked: Sequence[Asked],
    view: TargetView,
    *,
    hash_checking: bool = False,
    is_trial: bool = False,
    bound: Bound | None = None,
) -> Resolution:
    """What pip would pick for these lines; an index out of reach is an outcome, not an exception.

    :param hash_checking: pip's mode, in which every distribution needs a hash
    :param is_trial: nobody reads why it fails, so no more is fetched to be sure that pip fails in the same way
    """
    checking = HashChecking(view.client.digest) if hash_checking else None
    applying: list[Asked] = []
    try:
        applying += _applying(asked, view)
        return _resolve(source, applying, view, checking, bound or Bound(), is_trial=is_trial)
    except HashFault as fault:
        return Resolution(
            source, view.target, fault.outcome, str(fault), evidence=_lacking(source, applying, view, fault)
        )
    except (Unreachable, TooMuchWork) as error:
        return Resolution(source, view.target, Outcome.UNREACHABLE, str(error))
    except Refused as error:
        return Resolution(source, view.target, error.outcome, str(error))


def _applying(asked: Iterable[Asked], view: TargetView) -> Iterator[Asked]:
    """The lines whose markers are true.

    :raises Refused: of one that cannot be said
    """
    for each in asked:
        try:
            applies = view.holds(each.requirement.marker if each.requirement else each.marker)
        except UndecidedMarker as error:
            if error.breaks_off:
                raise Refused(f"{each.line}: pip breaks off here: {error}") from error
            raise Refused(f"{each.line}: {error}", Outcome.UNREACHABLE) from error
        if applies:
            yield each


def foresee(asked: Sequence[Asked], view: TargetView) -> None:
    """Start to fetch what a resolution of these lines will need; returns at once.

    :raises Refused: pip stops at one of the lines
    :raises Unreachable: what a line names itself could not be fetched
    """
    user = _understood(list(_applying(asked, view)), view, None)
    _ahead(user, view).fetch(user.roots)


def _ahead(user: _Understood, view: TargetView) -> Ahead:
    return Ahead(
        lambda project: view.page(project, user.release(project)),
        _candidates(user, view),
        view.facts,
        view.foreseen,
        user.known,
    )


def _candidates(user: _Understood, view: TargetView) -> Callable[[NormalizedName], ProjectCandidates]:
    """Those that the lines leave."""
    return lambda project: view.candidates(project, user.release(project))


def _lacking(source: str, asked: Sequence[Asked], view: TargetView, fault: HashFault) -> tuple[str, ...]:
    """Evidence for all that lacks something, as far as a resolution that checks no hashes can tell."""
    unchecked = resolve(source, asked, view)
    hashed = frozenset(canonicalize_name(each.requirement.name) for each in asked if each.requirement and each.hashes)
    return lacking(unchecked.distributions, fault, hashed)


def _resolve(
    source: str,
    asked: Sequence[Asked],
    view: TargetView,
    checking: HashChecking | None,
    bound: Bound,
    *,
    is_trial: bool,
) -> Resolution:
    """Once more with each file left out that turns out to be another than its name says: pip would have known."""
    while True:
        try:
            return _attempt(source, _understood(asked, view, checking), view, checking, bound, is_trial=is_trial)
        except Unusable as found:
            view.unusable[found.file.url] = found


def _attempt(
    source: str,
    user: _Understood,
    view: TargetView,
    checking: HashChecking | None,
    bound: Bound,
    *,
    is_trial: bool,
) -> Resolution:
    """:raises Unusable: a file that was to be picked is another than its name says"""
    ahead = _ahead(user, view)

    def dependencies(base: DistributionCandidate, extras: frozenset[NormalizedName]) -> Iterator[Wish]:
        ahead.fetch(view.foreseen(base, extras))
        ahead.follow(base, extras)
        for wish in view.dependencies(base, extras):
            if checking and isinstance(wish, ExactWish):
                _check(checking, wish, NO_HASHES)
            yield wish

    provider = Provider(
        view.target.python_version,
        _candidates(user, view),
        dependencies,
        view.direct,
        user.order,
        user.constraints,
        view.unusable,
        checking,
    )
    trail = _Trail(bound)
    ahead.fetch(user.roots)
    if view.client.offline:
        view.client.settle()
    resolver: Resolver[Wish, Candidate, str] = Resolver(provider, trail)
    try:
        result: Result[Wish, Candidate, str] = resolver.resolve(user.roots, max_rounds=bound.rounds)
    except ResolutionImpossible as impossible:
        if not is_trial:
            _look_into(provider.offered.values(), view)
        found = _explained(source, list(impossible.causes), trail, user, view)
        return replace(found, evidence=(*found.evidence, *built_before(list(provider.built))))
    except ResolutionTooDeep:
        raise bound.reached() from None
    except RecursionError:
        raise bound.without_end() from None
    except NotCached as first:
        raise NotCached(*dict.fromkeys((*first.missing, *ahead.missing))) from None
    finally:
        ahead.stop()
    picked = distributions(result, user.lines, view.sdist)
    for each in picked:
        if not (each.file.is_wheel or is_trial):
            # Whoever tells of it names its other versions, too.
            view.page(NormalizedName(each.name))
    filenames = {each.file.filename for each in picked}
    in_passing = tuple(each for each in provider.built if each not in filenames)
    return Resolution(source, view.target, Outcome.OK, distributions=picked, built_in_passing=in_passing)


def _look_into(offered: Iterable[DistributionCandidate], view: TargetView) -> None:
    """Make sure that a failure is pip's: it looks into files at once that are looked into here when they are tried.

    :raises Unusable: pip would not have counted one of them as a candidate
    """
    for base in offered:
        view.check(base)


def _check(checking: HashChecking, wish: ExactWish, hashes: Hashes) -> None:
    if isinstance(wish.candidate, DistributionCandidate) and wish.candidate.link:
        checking.check(wish.candidate.file, hashes)


@dataclass
class _Understood:
    """The user's lines as the resolver takes them.

    :param order: the position of each identifier among the lines
    :param constraints: what constraint lines say, by project
    :param constraining: these lines
    :param known: what any line says of a project's versions
    :param lines: the first line of each project
    """

    roots: list[Wish] = field(default_factory=list)
    order: dict[str, int] = field(default_factory=dict)
    constraints: dict[NormalizedName, Constraint] = field(default_factory=dict)
    constraining: defaultdict[NormalizedName, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    known: dict[NormalizedName, SpecifierSet] = field(default_factory=dict)
    lines: dict[str, Location | None] = field(default_factory=dict)
    _releases: dict[NormalizedName, Release] = field(default_factory=dict)

    def release(self, project: NormalizedName) -> Release:
        """The one to which a line pins a project, so that no others are looked at; empty where none does."""
        if project not in self._releases:
            pins = (Version(each.version) for each in self.known.get(project, ()) if is_exact(each))
            self._releases[project] = next(map(release_of, pins), ())
        return self._releases[project]


def _understood(asked: Sequence[Asked], view: TargetView, checking: HashChecking | None) -> _Understood:
    user = _Understood()
    for position, each in enumerate(asked):
        if each.requirement is not None:
            _narrow(user.known, each.requirement)
        if each.constraint:
            _constrain(user, each)
        else:
            _ask(user, each, position, view, checking)
    # As pip: those with extras last, since the plain ones narrow the candidates for them.
    user.roots.sort(key=lambda wish: wish.name != wish.project)
    return user


def _ask(user: _Understood, each: Asked, position: int, view: TargetView, checking: HashChecking | None) -> None:
    if each.link:
        name = each.requirement.name if each.requirement else None
        extras = each.requirement.extras if each.requirement else each.extras
        split = view.linked(each.link, name, each.line, extras)
        if checking and isinstance(split[0], ExactWish):
            _check(checking, split[0], allowed_hashes((*each.hashes, *direct_file(each.link).hashes)))
    else:
        assert each.requirement is not None  # Without a link there is a name.
        split = list(wishes(each.requirement, each.line, allowed_hashes(each.hashes)))
    user.order.setdefault(split[0].name, position)
    user.lines.setdefault(split[0].project, each.line)
    user.roots.extend(split)


def _constrain(user: _Understood, each: Asked) -> None:
    if each.requirement is None:
        raise Refused(f"{each.line}: a constraint must have a name")
    name = canonicalize_name(each.requirement.name)
    before = user.constraints.get(name, Constraint())
    user.constraints[name] = before.with_line(each.requirement.specifier, allowed_hashes(each.hashes), each.link)
    user.constraining[name].append(each)


def _narrow(specifiers: dict[NormalizedName, SpecifierSet], requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    specifiers[name] = specifiers.get(name, SpecifierSet()) & requirement.specifier


class _Trail(BaseReporter[Wish, Candidate, str]):
    """Who asked for what, for the explanation of a conflict: the resolver itself then keeps only the last two sides."""

    def __init__(self, bound: Bound) -> None:
        self.parents: defaultdict[str, list[str]] = defaultdict(list)
        self._bound = bound

    def starting_round(self, index: int) -> None:
        self._bound.check()

    def pinning(self, candidate: Candidate) -> None:
        self._bound.tried(candidate.project)

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
    refusing = [each for each in sides if _refuses(each.requirement, view)]
    causes = causes_of(refusing or sides, trail.parents, user.lines, user.constraining)
    if refusing:
        return Resolution(source, view.target, Outcome.NO_MATCH, python_message(refusing, view.target), causes=causes)
    wish = sides[0].requirement
    if len(sides) == 1 and wish.name not in user.constraints:
        evidence = (
            *absence(view.candidates(wish.project), view.target, view.indexes.places),
            *_passed_over(wish.project, view),
        )
        whose = f", which {causes[0].parent} requires" if causes[0].parent else ""
        message = f"pip finds no distribution for {causes[0].requirement}{whose}"
        return Resolution(source, view.target, Outcome.NO_MATCH, message, causes=causes, evidence=evidence)
    return Resolution(source, view.target, Outcome.CONFLICT, conflict_message(causes), causes=causes)


def _refuses(wish: Wish, view: TargetView) -> bool:
    return isinstance(wish, PythonWish) and not wish.specifier.contains(view.target.python_version, prereleases=True)


def _passed_over(project: NormalizedName, view: TargetView) -> Iterator[str]:
    """Evidence on files of a project that pip does not take for what their names say."""
    page = view.candidates(project).page
    for version in page.versions:
        yield from (str(view.unusable[file.url]) for file in page.files(version) if file.url in view.unusable)
