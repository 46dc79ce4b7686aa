"""What checks are about, beside the blueprint and its services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from pytest_deploycheck.findings import CannotCheck
from pytest_deploycheck.named import Named
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.sources.requirements import RequirementLine, RequirementsFile

if TYPE_CHECKING:
    from pytest_deploycheck.resolution.locked.lock import Locked
    from pytest_deploycheck.sources.locks.lock_file import Pinned


PIP = "pip"


@dataclass(frozen=True, repr=False)
class Source:
    """What one install command installs: a requirements file with all that is given beside it, or a lock, and who does.

    :param file: of a lock, the requirements of the project that are installed from it
    :param services: the services whose build commands install it; empty where no blueprint says so
    :param variant: the service that tells it from others of the same path, which are installed in another way
    :param locked: what is installed from a lock; None for requirements, and for a lock that cannot be read
    :param pinned: what a tool gives to pip from a lock of versions and hashes; None for other sources
    :param tool: what installs it: pip, uv from its lock, Poetry and the like
    """

    file: RequirementsFile
    services: tuple[Service, ...]
    variant: str = ""
    locked: Locked | None = None
    tool: str = PIP
    pinned: Pinned | None = None

    @property
    def path(self) -> str:
        """Relative to the root, with forward slashes; where projects are named by a command, the file of that."""
        return self.file.path

    @property
    def is_lock(self) -> bool:
        """Whether it says itself which versions and files are installed, so that no line of it is changed by hand."""
        return self.tool != PIP or bool(self.file.pylocks)

    @property
    def name(self) -> str:
        """What tells it from all others."""
        return f"{self.path}@{self.variant}" if self.variant else self.path

    @cached_property
    def lines(self) -> Mapping[NormalizedName, tuple[RequirementLine, ...]]:
        """The requirement lines by project, in the order of the file; those that name no project are left out."""
        lines: dict[NormalizedName, tuple[RequirementLine, ...]] = {}
        for line in self.file.lines:
            if line.name is not None:
                name = NormalizedName(line.name)
                lines[name] = (*lines.get(name, ()), line)
        return lines

    @cached_property
    def parts(self) -> tuple[Source, ...]:
        """What of it is given to pip at once: sources that no item is about."""
        files = self.pinned.parts if self.pinned else ()
        named = ((f"{self.variant}#{number}", each) for number, each in enumerate(files))
        return tuple(replace(self, file=each, variant=variant, pinned=None) for variant, each in named)

    def __repr__(self) -> str:
        return f"<source {self.path}>"


class Sources(Named[Source]):
    """What is installed, by path: ``sources["requirements.txt"]``."""

    kind = "source"

    @property
    def lines(self) -> tuple[RequirementLine, ...]:
        """The requirement lines of all of them; one that several sources include is there once.

        :raises CannotCheck: a line could not be read
        """
        for problem in (each for source in self for each in source.file.problems):
            raise CannotCheck(str(problem))
        return tuple({line.location: line for source in self for line in source.file.lines}.values())


@dataclass(frozen=True)
class SourceOnTarget:
    """A source, on one of the machines it is deployed to: what a resolution is about.

    :param target_name: as node ids and reports have it
    :param services: the names of the services that install it there
    """

    source: Source
    target: Target
    target_name: str
    services: tuple[str, ...]

    @property
    def node_name(self) -> str:
        """The first parts of its node ids."""
        variant = f"@{self.source.variant}" if self.source.variant else ""
        return f"{self.source.path}::{self.target_name}{variant}"


@dataclass(frozen=True)
class RequirementOnTarget:
    """The lines for one project in a source, on one target."""

    place: SourceOnTarget
    project: NormalizedName
    lines: tuple[RequirementLine, ...]
