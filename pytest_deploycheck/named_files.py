"""The files of the repository that a blueprint names, each with the place where it does."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.python_version import FILE as PYTHON_VERSION_FILE
from pytest_deploycheck.sources.shell.command import Command, Commands, Script
from pytest_deploycheck.sources.tree import inner_path

if TYPE_CHECKING:
    from pytest_deploycheck.deployment import Deployment

# A program of these first bytes is none that the system runs by its first line, or a shell reads.
_BEGINNING = 1024


@dataclass(frozen=True)
class NamedFile:
    """A file that a service needs.

    :param path: relative to the root, with forward slashes, spelled as the blueprint or a script has it
    :param location: where it is named
    :param use: what for, as messages have it: ``api installs requirements.txt``
    :param is_needed: whether nothing works without it; a lock file may be made anew
    :param may_be_made: whether a build may make it, so that git need not have it: ``dist/server``, a program in Go
    :param is_script: whether a shell, or the system by its first line, reads it
    :param is_program: whether it is run by its name alone, and nothing makes it executable before: ``./build.sh``
    """

    path: str
    location: Location
    use: str
    is_needed: bool = True
    may_be_made: bool = False
    is_script: bool = False
    is_program: bool = False


def find_named_files(deployment: Deployment) -> Iterator[NamedFile]:
    """Those of each service that is built from this repository; what may lie in another is left out.

    A file is found again for each place that names it. More kinds of them are more functions below.
    """
    for service in deployment.blueprint.services if deployment.blueprint else ():
        if service.fields.scalar("repo") is None:
            yield from _of_service(service, deployment)


def _of_service(service: Service, deployment: Deployment) -> Iterator[NamedFile]:
    runtime = service.runtime.text if service.runtime is not None else ""
    if runtime == "docker":
        yield from _dockerfile(service)
    if runtime in ("docker", "image"):
        return  # What its commands name is in the image.
    yield from _python_version(service, deployment)
    yield from _requirements(service, deployment)
    yield from _of_commands(service, deployment)


def _dockerfile(service: Service) -> Iterator[NamedFile]:
    file = service.fields.scalar("dockerfilePath")
    path = inner_path(file.text) if file else "Dockerfile"
    if path is not None:
        location = file.location if file else service.location
        yield NamedFile(path, location, f"{service.name} is built from {path}")


def _python_version(service: Service, deployment: Deployment) -> Iterator[NamedFile]:
    """``.python-version``, which many a ``.gitignore`` covers."""
    if service.is_native_python:
        location = deployment.python_of(service).location
        if location is not None and location.path == PYTHON_VERSION_FILE:
            yield NamedFile(location.path, location, f"{service.name} has its Python from {location.path}")


def _requirements(service: Service, deployment: Deployment) -> Iterator[NamedFile]:
    """What its build installs: the files it names, those that they include, those of projects and their locks."""
    build = deployment.build(service)
    for install in build.installs.installs:
        for word in (*install.requirements, *install.constraints):
            if (path := install.path(word)) is not None:
                yield NamedFile(path, word.location, f"{service.name} installs {path}")
    for installation in build.installations:
        for path in installation.file.files if installation.file else ():
            yield NamedFile(path, installation.install.location, f"{service.name} installs {path}")
    for read in build.locks:
        for path in read.lock.file.files if read.lock else ():
            is_needed = not path.endswith(read.project.lock) or read.project.is_locked
            yield NamedFile(path, read.project.command.location, f"{service.name} installs from {path}", is_needed)
    for project in build.unread:
        folder = project.command.directory
        for name in dict.fromkeys((*project.needs, project.lock)) if folder is not None else ():
            if name and (path := inner_path(folder or ".", name)) is not None:
                is_needed = name in project.needs or project.is_locked
                yield NamedFile(path, project.command.location, f"{service.name} installs from {path}", is_needed)


def _of_commands(service: Service, deployment: Deployment) -> Iterator[NamedFile]:
    lines = (service.build_command, service.pre_deploy_command, service.start_command)
    made_executable: list[str] = []
    for line in lines:
        if line is not None:
            commands = deployment.commands(service, line)
            made_executable += _made_executable(commands)
            # What other languages start, their builds make: a program, a folder `dist`, a release.
            may_be_made = line is not service.build_command and not service.is_native_python
            for script in commands.scripts:
                yield _script(service, script, made_executable, deployment, may_be_made=may_be_made)
            yield from _started(service, commands)


def _script(
    service: Service, script: Script, made_executable: list[str], deployment: Deployment, *, may_be_made: bool
) -> NamedFile:
    is_ready = script.is_made_executable or any(_covers(each, script.path) for each in made_executable)
    is_text = _is_text(deployment.root / script.path)
    return NamedFile(
        script.path,
        script.location,
        f"{service.name} runs {script.path}",
        may_be_made=may_be_made or not is_text,
        is_script=is_text,
        is_program=script.is_program and not is_ready,
    )


def _is_text(file: Path) -> bool:
    """Whether a file is none that a compiler made; what cannot be read is not said to be one."""
    try:
        with file.open("rb") as opened:
            return b"\0" not in opened.read(_BEGINNING)
    except OSError:
        return True


def _started(service: Service, commands: Commands) -> Iterator[NamedFile]:
    """What Python is given: ``python manage.py migrate``."""
    for command in commands.commands if service.is_native_python else ():
        first = next(iter(command.arguments), None)
        if first is None or not first.is_known or not command.program.startswith("python"):
            continue
        path = inner_path(command.directory, first.text) if command.directory is not None else None
        if path is not None and path.endswith(".py"):
            yield NamedFile(path, first.location, f"{service.name} runs {path}")


def _made_executable(commands: Commands) -> Iterator[str]:
    """What ``chmod +x`` is given, as paths and patterns relative to the root."""
    for command in commands.commands:
        if command.program == "chmod" and command.directory is not None and _adds_execution(command):
            for word in command.arguments[1:]:
                path = posixpath.normpath(posixpath.join(command.directory, word.text))
                yield path


def _adds_execution(command: Command) -> bool:
    modes = [each.text for each in command.arguments if not each.text.startswith("-")]
    mode = modes[0] if modes else ""
    return "x" in mode.lower() or (mode.isdigit() and len(mode) >= 3 and any(int(each) % 2 for each in mode[-3:]))


def _covers(pattern: str, path: str) -> bool:
    return fnmatchcase(path, pattern) or pattern == "." or path.startswith(f"{pattern}/")
