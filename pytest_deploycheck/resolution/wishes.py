"""What the resolver weighs: wishes, which are requirements as pip takes them, and the candidates for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.hash_checking import NO_HASHES, Hashes

PYTHON = "<Python from Requires-Python>"

_PYTHON_PROJECT = NormalizedName(PYTHON)

ANY_VERSION = Version("0+unknown")
"""The version of a source that cannot be read here."""


class SpecifierWish:
    """A requirement by name and versions, perhaps with extras: a user's line or a distribution's dependency."""

    __slots__ = ("bounded", "extras", "hashes", "line", "name", "pinned", "project", "restricted", "specifier", "text")

    def __init__(
        self,
        requirement: Requirement,
        line: Location | None = None,
        hashes: Hashes = NO_HASHES,
        *,
        with_extras: bool = True,
    ) -> None:
        self.project = canonicalize_name(requirement.name)
        self.extras = frozenset(map(canonicalize_name, requirement.extras)) if with_extras else frozenset()
        self.specifier = requirement.specifier
        self.hashes = hashes
        self.name = identifier(self.project, self.extras)
        self.text = f"{self.name}{self.specifier}"
        self.line = line
        # What pip's preferences go by, for each requirement that is left in each round.
        operators = [(each.operator, "*" in each.version) for each in self.specifier]
        self.pinned = any(operator[:2] == "==" and not wildcard for operator, wildcard in operators)
        self.bounded = any(each[0] in ("<", "<=", "~=") or each == ("==", True) for each in operators)
        self.restricted = bool(operators)

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        """Whether a candidate for the same name will do."""
        # Whether a pre-release may be taken was decided when the candidates were selected.
        return candidate.version is ANY_VERSION or self.specifier.contains(candidate.version, prereleases=True)


@dataclass(frozen=True, eq=False)
class ExactWish:
    """A requirement for one candidate: what an extra requires of its own project, and what a URL stands for."""

    candidate: Candidate
    line: Location | None = None

    @property
    def name(self) -> str:
        """What the resolver decides on: a project, perhaps with extras."""
        return self.candidate.name

    @property
    def project(self) -> NormalizedName:
        """The project, without extras."""
        return self.candidate.project

    @property
    def text(self) -> str:
        """The requirement, for messages."""
        return f"{self.name}=={self.candidate.version}"

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        """Whether a candidate for the same name will do."""
        return candidate is self.candidate


@dataclass(frozen=True, eq=False)
class PythonWish:
    """``Requires-Python``."""

    specifier: SpecifierSet
    line: Location | None = None
    name: str = PYTHON
    project: NormalizedName = _PYTHON_PROJECT

    @property
    def text(self) -> str:
        """The requirement, for messages."""
        return f"Python {self.specifier}"

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        """Whether a candidate for the same name will do."""
        return self.specifier.contains(candidate.version, prereleases=True)


@dataclass(frozen=True, eq=False)
class ImpossibleWish:
    """A link that is another project's than it is said to be: nothing can satisfy who asks for it."""

    project: NormalizedName
    reason: str
    line: Location | None = None

    @property
    def name(self) -> str:
        """What the resolver decides on: a project, perhaps with extras."""
        return self.project

    @property
    def text(self) -> str:
        """The requirement, for messages."""
        return self.reason

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        """Whether a candidate for the same name will do."""
        return False


Wish: TypeAlias = "SpecifierWish | ExactWish | PythonWish | ImpossibleWish"


class Unsupported(Exception):
    """A link names a wheel for another machine."""


class Unusable(Exception):
    """A file of an index, seen to be another than its name says: pip passes over it.

    :param whole_version: pip passes over the other files of its version too
    """

    def __init__(self, file: File, reason: str, *, whole_version: bool = False) -> None:
        self.file = file
        self.whole_version = whole_version
        super().__init__(reason)


class DistributionCandidate:
    """A file that may be picked.

    :param link: with which a requirement names this very file; empty where an index offers it
    :param version: for a direct file whose version only a build would tell, one that satisfies everybody
    """

    __slots__ = ("_with_extras", "file", "link", "name", "project", "version")

    def __init__(self, project: NormalizedName, version: Version, file: File, *, link: str = "") -> None:
        self.link = link
        self.project = project
        self.name: str = project
        self.version = version
        self.file = file
        self._with_extras: dict[frozenset[NormalizedName], ExtrasCandidate] = {}

    @property
    def direct(self) -> bool:
        """Whether a requirement names this very file."""
        return bool(self.link)

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

    @property
    def direct(self) -> bool:
        """Whether a requirement names this very file."""
        return self.base.direct


class PythonCandidate:
    """The target's Python: the one candidate for every ``Requires-Python``."""

    project = _PYTHON_PROJECT
    name = PYTHON
    direct = False

    def __init__(self, version: Version) -> None:
        self.version = version


Candidate: TypeAlias = "DistributionCandidate | ExtrasCandidate | PythonCandidate"


def identifier(project: str, extras: Iterable[str]) -> str:
    """``uvicorn[standard]``: a project with extras is decided apart from the project."""
    joined = ",".join(sorted(extras))
    return f"{project}[{joined}]" if joined else project


def wishes(
    requirement: Requirement, line: Location | None = None, hashes: Hashes = NO_HASHES
) -> Iterator[SpecifierWish]:
    """A requirement as pip splits it: one with extras and versions also stands for the project without extras."""
    if requirement.extras and requirement.specifier:
        yield SpecifierWish(requirement, line, hashes, with_extras=False)
    yield SpecifierWish(requirement, line, hashes)
