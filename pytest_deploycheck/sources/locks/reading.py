"""From a command such as ``uv sync --no-dev``, or a lock that is named by hand, to what is installed from it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.locked.lock import PDM, PIPENV, POETRY, UV
from pytest_deploycheck.sources.installs import ProjectInstall
from pytest_deploycheck.sources.locks.declared import NotReadable
from pytest_deploycheck.sources.locks.lock_file import LockFile, Wanted, broken
from pytest_deploycheck.sources.locks.options import Options, Tool, read_options, tool_of
from pytest_deploycheck.sources.locks.pdm_sync import read_pdm_sync
from pytest_deploycheck.sources.locks.pipenv_sync import read_pipenv_sync
from pytest_deploycheck.sources.locks.poetry_install import read_poetry_install
from pytest_deploycheck.sources.locks.pylock import with_pylocks
from pytest_deploycheck.sources.locks.tables import BadFile
from pytest_deploycheck.sources.locks.toml_text import TomlText
from pytest_deploycheck.sources.locks.uv_sync import read_uv_sync
from pytest_deploycheck.sources.pylock_names import NamedPylock, is_pylock
from pytest_deploycheck.sources.requirements import Problem, RequirementsFile, unreadable

_READERS: dict[str, Callable[[Wanted, TomlText, Path], LockFile]] = {
    UV: read_uv_sync,
    POETRY: read_poetry_install,
    PDM: read_pdm_sync,
}


@dataclass(frozen=True)
class LockInstallation:
    """What a command installs from a lock.

    :param lock: None where there is none, or it is not known which, or what is installed from it
    :param unknown: why it is not known, as sentences would name it
    """

    project: ProjectInstall
    lock: LockFile | None
    unknown: tuple[str, ...] = ()


def read_lock_installation(
    project: ProjectInstall,
    variables: Sequence[tuple[str, str | None, Location]],
    root: Path,
    environ: Mapping[str, str] | None = None,
) -> LockInstallation:
    """Read what a command installs.

    :param variables: of the service, and what commands set before it: names, values where they are known, places
    :param environ: of this machine: what a variable is there that the blueprint does not tell, such as a token
    """
    tool = tool_of(project.lock)
    command = project.command
    if tool is None:
        return LockInstallation(project, None)
    options = read_options(tool, command.arguments, variables)
    if command.directory is None or options.unknown:
        return LockInstallation(project, None, options.unknown)
    folder = posixpath.normpath(posixpath.join(command.directory, *options.all(*tool.folders)))
    path = None if folder.startswith(("..", "/")) else find_lock(tool, folder, root)
    if path is None:
        return LockInstallation(project, None)
    known = {name: value for name, value, _ in variables if value is not None}
    environ = {**(environ or {}), **known}
    wanted = Wanted(_project_folder(folder, root), options, str(command), command.location, environ)
    return LockInstallation(project, read_lock(path, tool, wanted, root))


def find_lock(tool: Tool, folder: str, root: Path) -> str | None:
    """The lock that is used in a folder: its own, or one above it, relative to the root; None where there is none."""
    for each in (PurePosixPath(folder), *PurePosixPath(folder).parents):
        path = (each / tool.lock).as_posix()
        if (root / path).is_file():
            return path
        if tool.stops_at and (root / each / tool.stops_at).is_file():
            return None
    return None


def _project_folder(folder: str, root: Path) -> str:
    """The project that a folder belongs to: the nearest that has a ``pyproject.toml``."""
    above = (PurePosixPath(folder), *PurePosixPath(folder).parents)
    return next((each.as_posix() for each in above if (root / each / "pyproject.toml").is_file()), folder)


def read_lock_alone(path: str, root: Path) -> LockFile | RequirementsFile | None:
    """A lock that no command names: as the tool installs it without options; None where the file is no lock.

    :param path: relative to the root
    """
    if is_pylock(path):
        return with_pylocks(None, (NamedPylock(path, Location(path)),), root)
    tool = tool_of(PurePosixPath(path).name)
    if tool is None:
        return None
    return read_lock(path, tool, Wanted(posixpath.dirname(path) or ".", Options(), tool.command, Location(path)), root)


def read_lock(path: str, tool: Tool, wanted: Wanted, root: Path) -> LockFile:
    """Read a lock; whatever is wrong with it is a problem of its file."""
    try:
        if tool.name == PIPENV:
            return read_pipenv_sync(path, wanted, root)
        toml = TomlText.read(path, (root / path).read_bytes())
        unknown = _unknown_format(tool, toml)
        return unknown or _READERS[tool.name](wanted, toml, root)
    except BadFile as error:
        return broken(path, tool.name, [Problem(error.location, "", str(error))], [path])
    except NotReadable as error:
        return broken(path, tool.name, [Problem(Location(path), "", str(error), refused=False)])
    except OSError as error:
        return broken(path, tool.name, unreadable(path, error).problems)


def _unknown_format(tool: Tool, toml: TomlText) -> LockFile | None:
    """A lock of a format that is not known here: nothing is said of what it holds."""
    if tool.name == UV:
        place, said = toml.line_of("version"), toml.tables.get("version")
    else:
        key = "lock_version" if tool.name == PDM else "lock-version"
        place, said = toml.line_of(key), toml.table("metadata").get(key)
    if said is None:
        raise BadFile(place, f"a lock of {tool.name} says the version of its format, and this one does not")
    if str(said) in tool.formats:
        return None
    expected = f"its format is {said}, and those known here are {', '.join(tool.formats)}: update pytest-deploycheck"
    return broken(toml.path, tool.name, [Problem(place, "", expected, refused=False)], [toml.path])
