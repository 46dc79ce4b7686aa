"""The user's lines as the resolver takes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.candidates import is_exact
from pytest_deploycheck.resolution.constraint import Constraint
from pytest_deploycheck.resolution.direct import direct_file
from pytest_deploycheck.resolution.hash_checking import NO_HASHES, HashChecking, Hashes, allowed_hashes
from pytest_deploycheck.resolution.markers import UndecidedMarker
from pytest_deploycheck.resolution.result import Outcome
from pytest_deploycheck.resolution.versions import Release, release_of
from pytest_deploycheck.resolution.view import Refused, TargetView
from pytest_deploycheck.resolution.wishes import DistributionCandidate, ExactWish, SpecifierWish, Wish, wishes


@dataclass
class UserLines:
    """What the lines say, in the resolver's terms.

    :param first: of the roots, the first of each project
    :param order: the position of each identifier among the lines
    :param constraints: what constraint lines say, by project
    :param constraining: these lines
    :param known: what any line says of a project's versions
    :param lines: the first line of each project
    """

    roots: list[Wish] = field(default_factory=list)
    first: dict[NormalizedName, Wish] = field(default_factory=dict)
    order: dict[str, int] = field(default_factory=dict)
    constraints: dict[NormalizedName, Constraint] = field(default_factory=dict)
    constraining: defaultdict[NormalizedName, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    known: dict[NormalizedName, SpecifierSet] = field(default_factory=dict)
    lines: dict[str, Location | None] = field(default_factory=dict)
    _releases: dict[NormalizedName, Release] = field(default_factory=dict)

    def release(self, project: NormalizedName) -> Release:
        """The one to which lines pin a project, so that pip looks at no others; empty where they do not.

        A line that is not the first of its project does not count: pip looks for a candidate after each of them.
        """
        if project not in self._releases:
            pins = (Version(each.version) for each in self._first_said(project) if is_exact(each))
            self._releases[project] = next(map(release_of, pins), ())
        return self._releases[project]

    def _first_said(self, project: NormalizedName) -> Iterator[Specifier]:
        yield from self.constraints.get(project, Constraint()).specifier
        first = self.first.get(project)
        yield from first.specifier if isinstance(first, SpecifierWish) else ()


def understood(asked: Iterable[Asked], view: TargetView, checking: HashChecking | None) -> UserLines:
    """Read them in order.

    :param asked: the lines that apply
    :raises Refused: pip stops at one of them
    :raises Unreachable: what a line names itself could not be fetched
    """
    user = UserLines()
    for position, each in enumerate(asked):
        if each.requirement is not None:
            _narrow(user.known, each.requirement)
        if each.constraint:
            _constrain(user, each)
        else:
            _ask(user, each, position, view, checking)
    # As pip: those with extras last, since the plain ones narrow the candidates for them.
    user.roots.sort(key=lambda wish: wish.name != wish.project)
    for wish in user.roots:
        user.first.setdefault(wish.project, wish)
    return user


def _ask(user: UserLines, each: Asked, position: int, view: TargetView, checking: HashChecking | None) -> None:
    if each.link:
        name = each.requirement.name if each.requirement else None
        extras = each.requirement.extras if each.requirement else each.extras
        split = view.linked(each.link, name, each.line, extras)
        if checking and isinstance(split[0], ExactWish):
            check_link(checking, split[0], allowed_hashes((*each.hashes, *direct_file(each.link).hashes)))
    else:
        assert each.requirement is not None  # Without a link there is a name.
        split = list(wishes(each.requirement, each.line, allowed_hashes(each.hashes)))
    user.order.setdefault(split[0].name, position)
    user.lines.setdefault(split[0].project, each.line)
    user.roots.extend(split)


def _constrain(user: UserLines, each: Asked) -> None:
    if each.requirement is None:
        raise Refused(f"{each.line}: a constraint must have a name")
    name = canonicalize_name(each.requirement.name)
    before = user.constraints.get(name, Constraint())
    user.constraints[name] = before.with_line(each.requirement.specifier, allowed_hashes(each.hashes), each.link)
    user.constraining[name].append(each)


def _narrow(specifiers: dict[NormalizedName, SpecifierSet], requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    specifiers[name] = specifiers.get(name, SpecifierSet()) & requirement.specifier


def applicable(asked: Iterable[Asked], view: TargetView) -> Iterator[Asked]:
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


def check_link(checking: HashChecking, wish: ExactWish, hashes: Hashes = NO_HASHES) -> None:
    """In hash-checking mode: that a file which a requirement names itself has one of the hashes.

    :raises HashFault: it has not
    """
    if isinstance(wish.candidate, DistributionCandidate) and wish.candidate.link:
        checking.check(wish.candidate.file, hashes)
