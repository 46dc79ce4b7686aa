"""What pip picks where lines pin everything: nothing has to be searched for, so nothing is.

pip's resolver decides on one project after the other, and looks after each decision whether all that were made before
still hold: of a file of 300 pins, as ``pip freeze`` and ``pip-compile`` write them, that takes longer than all the rest
of the work. Where the lines pin a project, though, the candidate that pip takes first is the same whatever files have
required by then: whether pre-releases and yanked files count is said by the pin, and hashes, which change the order,
stand in lines alone, so that what is required can only rule it out. So if it is in no wish's way, it is what pip takes,
in whatever order pip decides. If it is in the way of one, or something is not pinned, or anything goes wrong, the
resolver is left to find out what pip does.
"""

from __future__ import annotations

from collections import defaultdict, deque

from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from pytest_deploycheck.resolution.bound import Bound
from pytest_deploycheck.resolution.candidates import is_pinned
from pytest_deploycheck.resolution.constraint import Constraint
from pytest_deploycheck.resolution.graph import Picked, project_of
from pytest_deploycheck.resolution.hash_checking import HashFault
from pytest_deploycheck.resolution.http.answer import Unreachable
from pytest_deploycheck.resolution.provider import Provider
from pytest_deploycheck.resolution.user_lines import UserLines
from pytest_deploycheck.resolution.view import Refused
from pytest_deploycheck.resolution.wishes import (
    PYTHON,
    Candidate,
    ExactWish,
    SpecifierWish,
    Unusable,
    Wish,
)


def picked_as_pinned(user: UserLines, provider: Provider, bound: Bound) -> Picked | None:
    """What the resolver would find for the user's lines.

    :param provider: which is of no use for another resolution afterwards
    :returns: None where it has to be searched for, or something goes wrong: the resolver then meets it when pip does
    :raises TooMuchWork: a bound is reached
    """
    pins = _Pins(user, provider)
    if not all(map(pins.decides, pins.roots)):
        return None
    try:
        return _walked(pins, provider, bound)
    except (HashFault, Unreachable, Refused, Unusable):
        return None


class _Pins:
    """The user's wishes by identifier, and what they leave no choice of."""

    def __init__(self, user: UserLines, provider: Provider) -> None:
        self.roots: defaultdict[str, list[Wish]] = defaultdict(list)
        for wish in user.roots:
            self.roots[wish.name].append(wish)
        self._user = user
        self._provider = provider

    def decides(self, identifier: str) -> bool:
        """Whether the first candidate for it is the same whatever else is wished, as far as it is allowed at all.

        The first wish of its project has to be the pin: the resolver looks for a candidate after each of them.
        """
        if identifier == PYTHON:
            return True
        project = NormalizedName(project_of(identifier))
        constraint = self._user.constraints.get(project, Constraint())
        if constraint.links:
            return False
        first = self._user.first.get(project)
        is_named = isinstance(first, ExactWish) or (isinstance(first, SpecifierWish) and first.pinned)
        return is_named or is_pinned(constraint.specifier)

    def first(self, wish: Wish) -> Candidate | None:
        """The first candidate for what is wished; None where the user's wishes do not leave the same one all along.

        Of a project that files alone require it is that of the constraints: pip comes to these files in another order.
        """
        wishes = self.roots.get(wish.name) or [wish if wish.name == PYTHON else SpecifierWish(Requirement(wish.name))]
        first, *others = (self._first_of(wish.name, wishes[:count]) for count in range(1, len(wishes) + 1))
        return first if all(each is first for each in others) else None

    def _first_of(self, identifier: str, wishes: list[Wish]) -> Candidate | None:
        project = project_of(identifier)
        without_extras = {project: self.roots.get(project, [])} if project != identifier else {}
        return self._provider.first_match(identifier, {identifier: wishes, **without_extras})


def _walked(pins: _Pins, provider: Provider, bound: Bound) -> Picked | None:
    picked: dict[str, Candidate] = {}
    parents: defaultdict[str, set[str]] = defaultdict(set)
    coming: deque[tuple[Wish, Candidate | None]] = deque((wish, None) for each in pins.roots.values() for wish in each)
    while coming:
        wish, parent = coming.popleft()
        if parent is not None:
            parents[wish.name].add(parent.name)
        if wish.name not in picked:
            bound.check()
            if not pins.decides(wish.name) or (parent is not None and _is_link(wish)):
                return None
            found = pins.first(wish)
            if found is None:
                return None
            picked[wish.name] = found
            coming.extend((each, found) for each in provider.get_dependencies(found))
        if not provider.is_satisfied_by(wish, picked[wish.name]):
            return None
    return Picked(picked, parents)


def _is_link(wish: Wish) -> bool:
    """Whether it names a file itself, and so what no pin has named."""
    return isinstance(wish, ExactWish) and wish.candidate.direct
