"""What reading a lock gives, whichever tool wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement

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
    """

    folder: str
    options: Options
    shown: str
    location: Location


@dataclass(frozen=True)
class LockFile:
    """A lock, and what a command installs from it.

    :param file: the requirements of the project that are installed, and all that is wrong
    :param locked: None where it cannot be known
    """

    file: RequirementsFile
    locked: Locked | None
    tool: str


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
