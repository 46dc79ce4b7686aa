"""What a resolution found."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.target import Target


class Outcome(enum.Enum):
    """``OK``: pip finds a distribution for every project. The others say why it does not."""

    OK = "ok"
    CONFLICT = "conflict"  # pip: ResolutionImpossible
    NO_MATCH = "no-match"  # pip: No matching distribution found
    INVALID = "invalid"  # pip refuses the file
    UNREACHABLE = "unreachable"  # the index could not be asked: nothing is known


class Kind(enum.Enum):
    """``DIRECT`` is a URL, a path or a repository that a requirement names itself."""

    WHEEL = "wheel"
    SDIST = "sdist"
    DIRECT = "direct"


@dataclass(frozen=True)
class Distribution:
    """One file that pip would pick.

    :param name: the normalised name of the project
    :param native: whether building it needs a compiler: None where that cannot be known; False for wheels
    :param needs: what building it needs: ``Rust``, ``C``, ...
    :param backend: the build backend of a source distribution
    :param dependencies_known: whether what it requires is said anywhere without building it
    :param required_by: the projects of the resolution that require it
    :param chain: from the requirement line's project to this one, each with its version
    :param line: the requirement line that is to blame: the nearest one above it
    """

    name: str
    version: str
    file: File
    kind: Kind
    native: bool | None
    needs: tuple[str, ...]
    backend: str
    dependencies_known: bool
    required_by: tuple[str, ...]
    chain: tuple[tuple[str, str], ...]
    line: Location | None

    @property
    def is_direct(self) -> bool:
        """Whether a requirement names this very file, folder or repository."""
        return self.kind is Kind.DIRECT


@dataclass(frozen=True)
class Cause:
    """One side of a conflict: somebody's requirement.

    :param requirement: ``aiohttp<3.11,>=3.9.0``
    :param parent: ``aiogram 3.13.1``; empty where the requirement is the user's own line
    :param line: that line, or the one which brings the parent in
    """

    requirement: str
    parent: str
    line: Location | None

    def __str__(self) -> str:
        return f"{self.parent} requires {self.requirement}" if self.parent else f"{self.requirement} is asked for"


@dataclass(frozen=True)
class Resolution:
    """What pip would pick for one source on one target, or why it would fail.

    :param source: the requirements file, relative to the root
    :param message: one sentence where the outcome is not OK
    :param causes: the requirements that cannot hold together
    :param evidence: further lines: which versions exist, why none fits
    """

    source: str
    target: Target
    outcome: Outcome
    message: str = ""
    distributions: tuple[Distribution, ...] = ()
    causes: tuple[Cause, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def has_wheels_only(self) -> bool:
        """Whether it holds, and nothing in it has to be built."""
        return self.outcome is Outcome.OK and all(each.file.is_wheel for each in self.distributions)
