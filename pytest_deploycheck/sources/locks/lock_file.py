"""What reading a lock gives, whichever tool wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.locked.lock import Dependency, Lock, Locked, Root
from pytest_deploycheck.sources.locks.declared import Declared
from pytest_deploycheck.sources.locks.options import Options
from pytest_deploycheck.sources.requirements import Problem, RequirementLine, RequirementsFile


@dataclass(frozen=True)
class Wanted:
    """A command that installs from a lock.

    :param folder: the project's, relative to the root
    :param shown: the command, as messages have it
    :param location: where it stands
    :param environ: what is known of its variables, and of this machine's
    """

    folder: str
    options: Options
    shown: str
    location: Location
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pinned:
    """What a tool gives to pip from a lock that has versions and hashes, but no files.

    :param parts: what is given at once, as requirements files with ``--no-deps``
    :param extras: that the lock has of each project
    :param declared: the lines of the project, for what it asks for itself
    :param places: where the lock has each project
    :param python: where the tool stops at any other; None where it does not
    :param python_location: where the project says so
    """

    parts: tuple[RequirementsFile, ...]
    extras: Mapping[str, frozenset[NormalizedName]] = field(default_factory=dict)
    declared: Mapping[str, Location] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict)
    python: SpecifierSet | None = None
    python_text: str = ""
    python_location: Location = Location("")  # noqa: RUF009 - it is frozen

    @property
    def key(self) -> list[object]:
        """What decides on what is told of it, beside what pip picks."""
        extras = sorted((name, sorted(each)) for name, each in self.extras.items())
        return [extras, sorted((name, str(place)) for name, place in self.declared.items())]


@dataclass(frozen=True)
class LockFile:
    """A lock, and what a command installs from it.

    :param file: the requirements of the project that are installed, and all that is wrong
    :param locked: None where it cannot be known
    :param pinned: the same of a lock that leaves it to pip which files there are
    """

    file: RequirementsFile
    locked: Locked | None
    tool: str
    pinned: Pinned | None = None


@dataclass(frozen=True)
class Asked:
    """One requirement of the project that is to be installed.

    :param declared: the line that says it; None where none does
    """

    dependency: Dependency
    declared: Declared | None

    def line(self, lock: Lock) -> RequirementLine:
        """As a line of a requirements file would have it: with the version that is installed."""
        name, declared = self.dependency.name, self.declared
        packages = lock.by_name.get(name, ())
        pinned = f"=={packages[0].version}" if len(packages) == 1 and packages[0].version else ""
        extras = f"[{','.join(sorted(self.dependency.extras))}]" if self.dependency.extras else ""
        marker = _marker(self.dependency.marker)
        try:
            requirement = Requirement(f"{name}{extras}{pinned}")
        except InvalidRequirement:  # A version that is none.
            requirement = Requirement(name)
        requirement.marker = marker
        return RequirementLine(
            location=declared.location if declared else self.place(lock),
            text=declared.text if declared else f"{name}{pinned}",
            requirement=requirement,
            extras=tuple(sorted(self.dependency.extras)),
            marker=marker,
        )

    def place(self, lock: Lock) -> Location:
        """Where to blame it on."""
        if self.declared is not None:
            return self.declared.location
        packages = lock.by_name.get(self.dependency.name, ())
        return packages[0].location if packages else Location(lock.path)


def _marker(text: str) -> Marker | None:
    """A marker that can be looked at alone: which extras are asked for no other line tells."""
    if not text or "extra" in text:
        return None
    try:
        return Marker(text)
    except InvalidMarker:
        return None


def lines_of(asked: Iterable[Asked], lock: Lock) -> tuple[RequirementLine, ...]:
    """One for each place and project."""
    found = {(line.location, line.name, str(line.marker)): line for line in (each.line(lock) for each in asked)}
    return tuple(found.values())


def roots_of(asked: Iterable[Asked], lock: Lock) -> tuple[Root, ...]:
    """The same for the walk through the lock."""
    return tuple(Root(each.dependency, each.place(lock)) for each in asked)


def broken(path: str, tool: str, problems: Iterable[Problem], files: Iterable[str] = ()) -> LockFile:
    """A lock of which it is not known what is installed, for these reasons."""
    return LockFile(RequirementsFile(path, problems=tuple(problems), files=tuple(files)), None, tool)
