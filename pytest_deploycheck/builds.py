"""What the services' builds run and install."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.sources.installation import Installation, Variable, read_installation
from pytest_deploycheck.sources.installs import Install, Installs, ProjectInstall, read_installs
from pytest_deploycheck.sources.requirements import RequirementsFile
from pytest_deploycheck.sources.shell.command import Command, Commands, Word
from pytest_deploycheck.sources.shell.text import Text
from pytest_deploycheck.subjects import Source

if TYPE_CHECKING:
    from pytest_deploycheck.sources.locks.lock_file import LockFile
    from pytest_deploycheck.sources.locks.reading import LockInstallation

# The variables that pip and the tools of locks take options from.
_CHANGING = re.compile(r"(PIP|UV|POETRY|PIPENV|PDM)_")


@dataclass(frozen=True)
class Build:
    """A build command, understood.

    :param installations: of each install but those that only upgrade pip and its like
    :param left_out: installs that may also not run, beside others that do
    :param locks: what ``uv sync`` and its like install, as far as it is known
    """

    commands: Commands = field(default_factory=Commands)
    installs: Installs = field(default_factory=Installs)
    installations: tuple[Installation, ...] = ()
    left_out: tuple[Install | ProjectInstall, ...] = ()
    locks: tuple[LockInstallation, ...] = ()

    @property
    def unread(self) -> tuple[ProjectInstall, ...]:
        """Commands that install what a project's files say, and it is not known what."""
        followed = (each for each in self.locks if each.lock is not None)
        read = {(each.project.lock, each.project.command.directory) for each in followed}
        return tuple(each for each in self.installs.from_projects if (each.lock, each.command.directory) not in read)

    def environment(self, name: str) -> str | None:
        """What the command itself sets a variable to, where it installs; what is set to something unknown is ``$``."""
        for each in self.installs.installs:
            if name in each.command.environment:
                return each.command.environment[name] or "$"
        return None


class Builds:
    """The builds of the services of one project, each read once.

    :param root: of the repository
    :param environ: of this machine
    :param folder: the project's, the root or one below it
    """

    def __init__(self, root: Path, environ: Mapping[str, str], folder: Path) -> None:
        self._root = root
        self._folder = Path(os.path.relpath(folder, root)).as_posix()
        self._environ = environ
        self._commands: dict[tuple[str, Location], Commands] = {}
        self._builds: dict[str, Build] = {}
        self._read: dict[tuple[object, ...], list[Installation]] = {}
        self._locks: dict[tuple[object, ...], LockInstallation] = {}

    def commands(self, service: Service, line: Scalar) -> Commands:
        """What one of a service's command lines runs."""
        key = (service.name, line.location)
        if key not in self._commands:
            # With the grammar of shells, which a run without a blueprint has no use for.
            from pytest_deploycheck.sources.shell.reading import read_commands

            self._commands[key] = read_commands(
                Text(line.text, line.at), self.directory(service), self._root, platform_facts().checkout, service.values
            )
        return self._commands[key]

    def directory(self, service: Service) -> str:
        """Where a service's commands run, relative to the root: its ``rootDir``.

        In a project below the root it starts at the project's folder, or at the root of the repository, as for Render.
        """
        if not service.root_dir:
            return self._folder
        given = posixpath.normpath(service.root_dir.text.strip().strip("/"))
        is_from_root = given == self._folder or given.startswith(f"{self._folder}/")
        return given if is_from_root else posixpath.normpath(posixpath.join(self._folder, given))

    def build(self, service: Service) -> Build:
        """A service's build command; that of a service without one does nothing."""
        if service.name not in self._builds:
            self._builds[service.name] = self._understood(service)
        return self._builds[service.name]

    def _understood(self, service: Service) -> Build:
        if service.build_command is None:
            return Build()
        commands = self.commands(service, service.build_command)
        installs = read_installs(commands)
        own = [each for each in installs.installs if not each.only_upgrades_tools]
        # What may not run is taken for what is installed only where nothing else is.
        certain = [each for each in own if not each.command.is_conditional] or own
        locks = [each for each in installs.from_projects if not each.command.is_conditional] or installs.from_projects
        others: tuple[Install | ProjectInstall, ...] = (
            *(each for each in own if each not in certain),
            *(each for each in installs.from_projects if each not in locks),
        )
        return Build(
            commands,
            installs,
            tuple(self._installation(each, service) for each in certain),
            others,
            tuple(self._lock(each, service) for each in _lasting(locks)),
        )

    def _lock(self, project: ProjectInstall, service: Service) -> LockInstallation:
        variables = tuple(_variables(project.command, service))
        key = (project.lock, *_told(project.command, project.command.arguments, variables))
        if key not in self._locks:
            from pytest_deploycheck.sources.locks.reading import read_lock_installation

            self._locks[key] = read_lock_installation(
                project, [(each.name, each.value, each.location) for each in variables], self._root, self._environ
            )
        return replace(self._locks[key], project=project)

    def _installation(self, install: Install, service: Service) -> Installation:
        variables = tuple(_variables(install.command, service))
        values = {**self._environ, **{each.name: each.value for each in variables if each.value is not None}}
        read = self._read.setdefault(_key(install, variables), [])
        for known in read:
            if all(values.get(name) == value for name, value in known.looked_up.items()):
                return replace(known, install=install)
        read.append(read_installation(install, variables, self._root, self._environ))
        return read[-1]

    def sources(self, services: tuple[Service, ...]) -> Iterator[Source]:
        """What services install, each file once for all that install it alike."""
        installed: dict[int, tuple[RequirementsFile | LockFile, list[Service]]] = {}
        for service in services:
            build = self.build(service)
            files = (*(each.lock or each.file for each in build.installations), *(each.lock for each in build.locks))
            for file in (each for each in files if each is not None):
                _, users = installed.setdefault(id(file), (file, []))
                if not users or users[-1] is not service:
                    users.append(service)
        names: set[str] = set()
        for file, users in installed.values():
            source = source_of(file, tuple(users))
            if source.path in names:
                source = replace(source, variant=_unused(users[0].name, source.path, names))
            yield source
            names.add(source.name)


def source_of(file: RequirementsFile | LockFile, services: tuple[Service, ...] = ()) -> Source:
    """What is installed, with those who install it."""
    if isinstance(file, RequirementsFile):
        return Source(file, services)
    return Source(file.file, services, locked=file.locked, tool=file.tool, pinned=file.pinned)


def _unused(name: str, path: str, names: set[str]) -> str:
    """A name for a variant: one service may install a file in two ways."""
    numbered = (name, *(f"{name}-{number}" for number in range(2, len(names) + 3)))
    return next(each for each in numbered if f"{path}@{each}" not in names)


def _lasting(projects: Sequence[ProjectInstall]) -> Iterator[ProjectInstall]:
    """Without those whose work a later ``uv sync`` from the same lock removes."""
    for at, each in enumerate(projects):
        if not any(_removes(later, each) for later in projects[at + 1 :]):
            yield each


def _removes(later: ProjectInstall, earlier: ProjectInstall) -> bool:
    is_same = (later.lock, later.command.directory) == (earlier.lock, earlier.command.directory)
    is_exact = later.command.program == "uv" and not any(each.text == "--inexact" for each in later.command.arguments)
    return is_same and is_exact and not later.command.is_conditional


def _variables(command: Command, service: Service) -> Iterator[Variable]:
    own = command.environment
    for name, value in service.values.items():
        if name not in own:
            yield Variable(name, value, service.environment[name].location)
    for name, value in own.items():
        yield Variable(name, value, command.location)


def _key(install: Install, variables: tuple[Variable, ...]) -> tuple[object, ...]:
    """What decides on what an install means, but for its place, and the variables that its files name."""
    names_itself = bool(install.own_projects or install.editables) and not install.requirements
    told = _told(install.command, install.arguments, variables)
    return (install.installer, *told, install.location if names_itself else None)


def _told(command: Command, arguments: Sequence[Word], variables: tuple[Variable, ...]) -> tuple[object, ...]:
    """Where a command runs, and what its words and variables say."""
    words = tuple((each.text, each.is_known) for each in arguments)
    return command.directory, words, tuple((each.name, each.value) for each in variables if _CHANGING.match(each.name))
