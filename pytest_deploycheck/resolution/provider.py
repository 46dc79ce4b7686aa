"""The world as the resolver sees it: pip's provider, for a target that is not this machine.

The resolver is resolvelib, pip's own. What it prefers and in which order it tries candidates is here, after
pip 26.3 (``pip/_internal/resolution/resolvelib``): same preferences, same answers. What differs is when metadata
is fetched: pip fetches it to see whether a candidate exists at all, here only a candidate that is tried needs it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version
from resolvelib import AbstractProvider

from pytest_deploycheck.resolution.candidates import ProjectCandidates
from pytest_deploycheck.resolution.constraint import Constraint
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.hash_checking import (
    NO_HASHES,
    HashChecking,
    allowed_by_both,
    allowed_hashes,
    as_options,
    names_one_version,
)
from pytest_deploycheck.resolution.wishes import (
    ANY_VERSION,
    PYTHON,
    Candidate,
    DistributionCandidate,
    ExactWish,
    ExtrasCandidate,
    ImpossibleWish,
    PythonCandidate,
    SpecifierWish,
    Unsupported,
    Unusable,
    Wish,
)

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation

# pip's: a project that stood unpinned in so many conflicts is decided before others.
_CONFLICTS_UNTIL_PROMOTED = 5


class _Lazily:
    """What an iterator yields, as often as it is asked for; an item is made when it is first come to."""

    def __init__(self, items: Iterable[Wish]) -> None:
        self._coming: Iterator[Wish] | None = iter(items)
        self._come: list[Wish] = []

    def __iter__(self) -> Iterator[Wish]:
        return iter(self._come) if self._coming is None else self._further()

    def _further(self) -> Iterator[Wish]:
        position = 0
        while position < len(self._come) or self._has_next():
            yield self._come[position]
            position += 1

    def _has_next(self) -> bool:
        following = None if self._coming is None else next(self._coming, None)
        if following is None:
            self._coming = None
            return False
        self._come.append(following)
        return True


_UNCONSTRAINED = Constraint()


def _is_allowed(candidate: Candidate, constraint: Constraint) -> bool:
    file = candidate.base if isinstance(candidate, ExtrasCandidate) else candidate
    if not isinstance(file, DistributionCandidate):
        return True
    return constraint.allows(None if file.version is ANY_VERSION else file.version, file.link or file.file.url)


class Provider(AbstractProvider[Wish, Candidate, str]):
    """pip's preferences.

    :param candidates: gives a project's candidates on the target
    :param dependencies: gives what a file requires there, with the extras named
    :param direct: gives the candidate for a link that is said to be a project's, None where it is another's
    :param user_requested: the position of each identifier among the user's lines
    :param constraints: what constraint lines say, by project
    :param unusable: files that pip passes over, by URL
    :param checking: pip's hash-checking mode
    """

    def __init__(
        self,
        python: Version,
        candidates: Callable[[NormalizedName], ProjectCandidates],
        dependencies: Callable[[DistributionCandidate, frozenset[NormalizedName]], Iterable[Wish]],
        direct: Callable[[str, str], DistributionCandidate | None],
        user_requested: Mapping[str, int],
        constraints: Mapping[NormalizedName, Constraint],
        unusable: Mapping[str, Unusable],
        checking: HashChecking | None = None,
    ) -> None:
        self._python = PythonCandidate(python)
        self._candidates = candidates
        self._dependencies = dependencies
        self._direct = direct
        self._user_requested = user_requested
        self._constraints = constraints
        self._unusable = unusable
        self._checking = checking
        # Every file that pip would have looked into so far, by URL.
        self.offered: dict[str, DistributionCandidate] = {}
        self._required: dict[Candidate, Iterable[Wish]] = {}
        self._satisfied: dict[tuple[Wish, Candidate], bool] = {}
        self._conflicts: defaultdict[str, int] = defaultdict(int)
        self._promoted: set[str] = set()
        # The source distributions that pip has built by now: it does so as soon as it comes upon one.
        self.built: dict[str, None] = {}

    def identify(self, requirement_or_candidate: Wish | Candidate) -> str:
        """By name."""
        return requirement_or_candidate.name

    def is_satisfied_by(self, requirement: Wish, candidate: Candidate) -> bool:
        """Remembered, as every round asks it of the same pairs again."""
        try:
            return self._satisfied[requirement, candidate]
        except KeyError:
            return self._satisfied.setdefault((requirement, candidate), requirement.is_satisfied_by(candidate))

    def get_dependencies(self, candidate: Candidate) -> Iterable[Wish]:
        """The same wishes each time, made one by one."""
        if candidate not in self._required:
            self._required[candidate] = _Lazily(self._requirements_of(candidate))
        return self._required[candidate]

    def first_match(self, identifier: str, wanted: Mapping[str, Iterable[Wish]]) -> Candidate | None:
        """The most wanted candidate for all that is wished, by identifier; None where there is none."""
        matches = self.find_matches(
            identifier, {name: iter(each) for name, each in wanted.items()}, {identifier: iter(())}
        )
        return next(iter(matches() if callable(matches) else matches), None)

    def _requirements_of(self, candidate: Candidate) -> Iterator[Wish]:
        if isinstance(candidate, PythonCandidate):
            return
        if isinstance(candidate, ExtrasCandidate):
            yield ExactWish(candidate.base)
            yield from self._dependencies(candidate.base, candidate.extras)
        else:
            yield from self._dependencies(candidate, frozenset())

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Wish]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> Callable[[], Iterable[Candidate]] | Sequence[Candidate]:
        """The candidates, the most wanted first: those named themselves, or else what the indexes have."""
        wanted = list(requirements[identifier])
        rejected = {id(candidate) for candidate in incompatibilities[identifier]}
        if identifier == PYTHON:
            fits = all(self.is_satisfied_by(each, self._python) for each in wanted)
            return [self._python] if fits and id(self._python) not in rejected else []
        if any(isinstance(each, ImpossibleWish) for each in wanted):
            return []
        base, bracket, _ = identifier.partition("[")
        project = NormalizedName(base)
        extras = frozenset(map(NormalizedName, identifier[len(base) + 1 : -1].split(","))) if bracket else frozenset()
        constraint = self._constraints.get(project, _UNCONSTRAINED)
        # A project with extras has to be what is wished of it without them, too.
        without = list(requirements.get(base, ())) if bracket else []
        specifiers = [each for each in (*wanted, *without) if isinstance(each, SpecifierWish)]
        try:
            exact = self._exact(project, wanted, without, extras, constraint.links if specifiers else (), specifiers)
        except Unsupported:
            return []
        if exact:
            return [
                candidate
                for candidate in exact.values()
                if id(candidate) not in rejected
                and all(self.is_satisfied_by(each, candidate) for each in wanted)
                and _is_allowed(candidate, constraint)
            ]
        if not specifiers:
            return []
        combined, hashes = constraint.specifier, constraint.hashes
        for each in specifiers:
            combined &= each.specifier
            hashes = allowed_by_both(hashes, each.hashes)
        check = self._check_with(specifiers[0], constraint)
        return lambda: self._found(project, combined, as_options(hashes), extras, rejected, check)

    def _exact(
        self,
        project: NormalizedName,
        wanted: Iterable[Wish],
        without: Iterable[Wish],
        extras: frozenset[NormalizedName],
        links: Iterable[str],
        specifiers: Sequence[SpecifierWish],
    ) -> dict[int, Candidate]:
        """The very candidates that are asked for, if any are.

        :param without: what is wished of the project without extras
        :param links: what constraint lines name
        :raises Unsupported: one of the links is a wheel for another machine
        """
        bases = [
            wish.candidate
            for wish in without
            if isinstance(wish, ExactWish) and isinstance(wish.candidate, DistributionCandidate)
        ]
        for link in links:
            constrained = self._direct(link, project)
            if constrained is not None:
                if self._checking:
                    own = allowed_hashes(constrained.file.hashes) if specifiers[0].line else NO_HASHES
                    self._checking.check(constrained.file, specifiers[0].hashes or own)
                bases.append(constrained)
        found = [wish.candidate for wish in wanted if isinstance(wish, ExactWish)]
        found += [base.with_extras(extras) if extras else base for base in bases]
        return {id(candidate): candidate for candidate in found}

    def _found(
        self,
        project: NormalizedName,
        specifier: SpecifierSet,
        hashes: frozenset[str],
        extras: frozenset[NormalizedName],
        rejected: set[int],
        check: Callable[[File], None],
    ) -> Iterator[Candidate]:
        for version, files in self._candidates(project).select(specifier, hashes):
            file = self._usable(files)
            if file is None:
                continue
            check(file)
            base = self._base(project, version, file)
            candidate = base.with_extras(extras) if extras else base
            if id(candidate) not in rejected:
                if not file.is_wheel:
                    self.built[file.filename] = None
                yield candidate

    def _usable(self, files: Iterable[File]) -> File | None:
        """As pip: the next file of a version only where the one before is another's."""
        for file in files:
            fault = self._unusable.get(file.url)
            if fault is None:
                return file
            if fault.whole_version:
                break
        return None

    def _check_with(self, first: SpecifierWish, constraint: Constraint) -> Callable[[File], None]:
        """pip checks a file by the first of the requirements for it, or else by the constraints."""
        checking = self._checking
        if checking is None:
            return lambda file: None
        hashes = first.hashes or (constraint.hashes if any(constraint.hashes.values()) else NO_HASHES)
        pinned = bool(hashes) or names_one_version(first.specifier)
        return lambda file: checking.check(file, hashes, pinned=pinned)

    def _base(self, project: NormalizedName, version: Version, file: File) -> DistributionCandidate:
        if file.url not in self.offered:
            self.offered[file.url] = DistributionCandidate(project, version, file)
        return self.offered[file.url]

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
                pinned = pinned or wish.pinned
                bounded = bounded or wish.bounded
                restricted = restricted or wish.restricted
        return (
            identifier not in self._promoted,
            not direct,
            not pinned,
            not bounded,
            self._user_requested.get(identifier, math.inf),
            not restricted,
            identifier,
        )
