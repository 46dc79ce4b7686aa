"""A lock file as values, whichever tool wrote it, and what one command installs from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.asked import BINARY, SOURCE
from pytest_deploycheck.resolution.file import File

# The tools whose locks are read, as messages name them.
UV = "uv"
UV_PIP = "uv pip"
POETRY = "Poetry"
PIPENV = "Pipenv"
PDM = "PDM"

Ranges = tuple[SpecifierSet, ...]
"""Any of them suffices: Poetry has ``||``."""


class NotKnown(Exception):
    """What a lock says cannot be told here; the message says what."""


@dataclass(frozen=True)
class Dependency:
    """What a package requires, or what is asked for.

    :param marker: in the words of the lock, empty where it always holds; extras are looked up in a set of them
    :param extras: of the package that is required
    :param version: where the lock has several packages of that name, the one that is meant; else empty
    :param ranges: likewise, where it gives no version
    """

    name: NormalizedName
    marker: str = ""
    extras: frozenset[str] = frozenset()
    version: str = ""
    ranges: Ranges = ()


@dataclass(frozen=True)
class Package:
    """One version of a project, as a lock has it.

    :param location: where it stands in the lock
    :param files: of the version, for whatever machine
    :param dependencies: what it requires; where the tool does not keep extras apart, their markers ask for one
    :param extras: what it requires with one of them, where the tool keeps that apart
    :param conditions: the marker under which each group of dependencies has it; None where only the way to it tells
    :param link: what is fetched in place of a file of an index: a repository, a URL, a folder
    :param index: where files without a URL are to be looked for; empty for the index that is the default
    :param is_installed: whether it is more than what brings others in, as the project itself is here
    :param python: where the tool stops at any other; None where it does not
    """

    name: NormalizedName
    version: str
    location: Location
    files: tuple[File, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    extras: Mapping[str, tuple[Dependency, ...]] = field(default_factory=dict)
    conditions: Mapping[str, str] | None = None
    link: str = ""
    index: str = ""
    is_installed: bool = True
    python: SpecifierSet | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True)
class Lock:
    """A lock file.

    :param path: relative to the root
    :param tool: that installs from it, such as :data:`UV`
    :param python: for which it was made; None where it does not say, or not in a way that is understood
    :param python_location: where it says so
    :param environments: markers, of which one has to hold, where there are any
    :param environments_location: where they stand
    """

    path: str
    tool: str
    packages: tuple[Package, ...]
    python: Ranges | None = None
    python_text: str = ""
    python_location: Location | None = None
    environments: tuple[str, ...] = ()
    environments_location: Location | None = None

    @cached_property
    def by_name(self) -> Mapping[NormalizedName, tuple[Package, ...]]:
        """The packages of each project: mostly one."""
        found: dict[NormalizedName, tuple[Package, ...]] = {}
        for each in self.packages:
            found[each.name] = (*found.get(each.name, ()), each)
        return found

    def package(self, name: str, version: str) -> Package | None:
        """The one of that version."""
        return next((each for each in self.by_name.get(NormalizedName(name), ()) if each.version == version), None)


@dataclass(frozen=True)
class Formats:
    """Which files settings allow: ``no-binary`` and ``no-build`` of uv, ``no-binary`` and ``only-binary`` of Poetry.

    :param no_wheels: projects; ``None`` among them stands for all
    :param no_sdists: likewise
    """

    no_wheels: frozenset[str | None] = frozenset()
    no_sdists: frozenset[str | None] = frozenset()

    def of(self, project: str) -> frozenset[str]:
        """What may be taken of a project: who is named itself counts more than all together."""
        no_wheel = project in self.no_wheels or (None in self.no_wheels and project not in self.no_sdists)
        no_sdist = project in self.no_sdists or (None in self.no_sdists and project not in self.no_wheels)
        return frozenset({*(() if no_wheel else (BINARY,)), *(() if no_sdist else (SOURCE,))})


@dataclass(frozen=True)
class Root:
    """What is asked for first, and the line that asks for it."""

    dependency: Dependency
    line: Location


@dataclass(frozen=True)
class Locked:
    """What a command installs from a lock.

    :param groups: those asked for, where packages have conditions
    :param extras: of the project, as the markers of the lock spell them
    :param left_out: projects that the command does not install, whoever requires them
    :param without_folders: whether it leaves out what lies in folders of this machine
    """

    lock: Lock
    roots: tuple[Root, ...]
    groups: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()
    formats: Formats = field(default_factory=Formats)
    left_out: frozenset[str] = frozenset()
    without_folders: bool = False

    def installs(self, package: Package) -> bool:
        """Whether a package that is reached is also installed."""
        is_folder = package.link.startswith("file:") and package.link.endswith("/")
        is_left_out = package.name in self.left_out or (self.without_folders and is_folder)
        return package.is_installed and not is_left_out


def is_within(version: Version, ranges: Ranges) -> bool:
    """Whether any of them holds."""
    return any(each.contains(version, prereleases=True) for each in ranges)
