"""``pylock.toml``, as ``pip install -r`` and ``uv pip`` take it.

https://packaging.python.org/en/latest/specifications/pylock-toml/; pip 26.3 (``cli/req_command.py``) and uv 0.13, by
tests/differential/test_pylock_as_pip.py. Packages have places in it, and who is blamed is such a place: the lock does
not tell from which files of the project it was made.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.pylock import Package as LockedPackage
from packaging.pylock import PackageSdist, PackageWheel, PylockUnsupportedVersionError, PylockValidationError
from packaging.pylock import Pylock as LockedPackages
from packaging.requirements import Requirement
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.direct import direct_file
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.locked.lock import UV_PIP, Formats, Lock, Locked, Package
from pytest_deploycheck.resolution.locked.markers import without_sets
from pytest_deploycheck.resolution.locked.pylock import Pylock
from pytest_deploycheck.sources.installs import Install
from pytest_deploycheck.sources.locks.declared import MAIN
from pytest_deploycheck.sources.locks.lock_file import LockFile, broken
from pytest_deploycheck.sources.locks.tables import BadFile
from pytest_deploycheck.sources.locks.toml_text import TomlText
from pytest_deploycheck.sources.pylock_names import NamedPylock
from pytest_deploycheck.sources.requirements import Problem, RequirementLine, RequirementsFile, unreadable
from pytest_deploycheck.urls import url_in

_POSITION = re.compile(r"packages\[(\d+)\]")


def read_pylock(wanted: NamedPylock, root: Path, tool: str) -> Pylock:
    """Read a lock.

    :param wanted: its path is relative to the root
    :raises BadFile: it is none
    :raises OSError: it cannot be read
    """
    content = (root / wanted.path).read_bytes()
    toml = TomlText.read(wanted.path, content)
    read = _validated(toml)
    extras = frozenset(read.extras or ()) if wanted.has_all_extras else wanted.extras
    groups = wanted.groups | (frozenset(read.default_groups or ()) if wanted.has_default_groups else frozenset())
    folder = root / posixpath.dirname(wanted.path)
    places = [place for _, place in toml.packages("packages")]
    packages = tuple(_package(each, at, folder, extras, groups) for each, at in zip(read.packages, places, strict=True))
    python = read.requires_python
    lock = Lock(
        wanted.path,
        tool,
        packages,
        None if python is None else (python,),
        "" if python is None else str(python),
        toml.line_of("requires-python"),
        tuple(map(str, read.environments or ())),
        toml.line_of("environments"),
    )
    return Pylock(read, lock, extras, groups, hashlib.sha256(content).hexdigest())


def _validated(toml: TomlText) -> LockedPackages:
    """:raises BadFile: packaging, as pip has it, does not accept it"""
    try:
        return LockedPackages.from_dict(toml.tables)
    except PylockUnsupportedVersionError as error:
        raise BadFile(toml.line_of("lock-version"), f"pip knows version 1 of the format: {error}") from error
    except PylockValidationError as error:
        found = _POSITION.match(error.context or "")
        headers = toml.headers("packages")
        place = headers[int(found[1])] if found and int(found[1]) < len(headers) else Location(toml.path)
        raise BadFile(place, f"it does not say what a pylock.toml has to: {error}") from error


def _package(
    read: LockedPackage, place: Location, folder: Path, extras: frozenset[str], groups: frozenset[str]
) -> Package:
    files = tuple(_files(read, folder))
    return Package(
        read.name,
        _version(read),
        place,
        files,
        conditions={MAIN: without_sets(str(read.marker or ""), extras, groups)},
        link=_link(read, folder),
        python=read.requires_python,
    )


def _version(read: LockedPackage) -> str:
    """What pip asks for: of an index the version of a file, where the lock says none."""
    if read.version is not None:
        return str(read.version)
    if read.wheels:
        return str(parse_wheel_filename(read.wheels[0].filename)[1])
    return str(parse_sdist_filename(read.sdist.filename)[1]) if read.sdist else ""


def _files(read: LockedPackage, folder: Path) -> Iterator[File]:
    listed: list[PackageSdist | PackageWheel] = [*([read.sdist] if read.sdist else []), *(read.wheels or ())]
    for position, each in enumerate(listed):
        yield File(position, each.filename, _url(each, folder), _hashes(each), None, None, None, each.size)
    if read.archive is not None:
        named = direct_file(_url(read.archive, folder))
        yield named._replace(hashes=_hashes(read.archive), size=read.archive.size)


def _hashes(file: Any) -> tuple[str, ...]:
    return tuple(f"{algorithm}={digest.lower()}" for algorithm, digest in file.hashes.items())


def _url(file: Any, folder: Path) -> str:
    """The path counts more than the URL, for pip."""
    return url_in(folder, file.path) if file.path is not None else str(file.url)


def _link(read: LockedPackage, folder: Path) -> str:
    if read.vcs is not None:
        return f"{read.vcs.type}+{_url(read.vcs, folder)}@{read.vcs.commit_id}{_fragment(read.vcs)}"
    if read.archive is not None:
        return f"{_url(read.archive, folder)}{_fragment(read.archive)}"
    if read.directory is not None:
        return url_in(folder, posixpath.join(read.directory.path, read.directory.subdirectory or "")) + "/"
    return ""


def _fragment(source: Any) -> str:
    return f"#subdirectory={source.subdirectory}" if source.subdirectory else ""


def pylock_lines(pylock: Pylock) -> Iterator[RequirementLine]:
    """Each package as a line of a requirements file would have it."""
    for each in pylock.lock.packages:
        marker = _marker((each.conditions or {}).get(MAIN, ""))
        requirement = Requirement(f"{each.name}=={each.version}" if each.version and not each.link else each.name)
        requirement.marker = marker
        hashes = dict.fromkeys(digest for file in each.files for digest in file.hashes)
        yield RequirementLine(
            location=each.location,
            text=str(each).replace(" ", "=="),
            requirement=requirement,
            link=each.link or None,
            hashes=tuple((algorithm, digest) for algorithm, _, digest in (text.partition("=") for text in hashes)),
            marker=marker,
        )


def _marker(text: str) -> Marker | None:
    try:
        return Marker(text) if text else None
    except InvalidMarker:
        return None


def with_pylocks(
    file: RequirementsFile | None, wanted: Sequence[NamedPylock], root: Path, tool: str = "pip"
) -> RequirementsFile:
    """What pip is given, with the locks that it is given too.

    :param file: all but these; None where there is nothing else
    """
    own = file or RequirementsFile(wanted[0].path)
    for each in wanted:
        try:
            pylock = read_pylock(each, root, tool)
        except BadFile as error:
            own = replace(own, problems=(*own.problems, Problem(error.location, "", str(error))))
        except OSError as error:
            own = replace(own, problems=(*own.problems, *unreadable(each.path, error).problems))
        else:
            own = replace(
                own,
                lines=(*own.lines, *pylock_lines(pylock)),
                pylocks=(*own.pylocks, pylock),
                warnings=(*own.warnings, *_undeclared(each, pylock)),
            )
        own = replace(own, files=(*own.files, each.path))
    return own


def _undeclared(wanted: NamedPylock, pylock: Pylock) -> Iterator[Problem]:
    """Extras and groups that nothing in the lock is meant for."""
    read = pylock.read
    extras = wanted.extras - set(read.extras or ())
    groups = wanted.groups - {*(read.dependency_groups or ()), *(read.default_groups or ())}
    for kind, names in (("extra", extras), ("group", groups)):
        for name in sorted(names):
            expected = f"{wanted.path} declares no such {kind}: nothing is installed for it"
            yield Problem(wanted.location, f"the {kind} {name}", expected, refused=False)


def uv_pip_lock(install: Install, wanted: Sequence[NamedPylock], root: Path) -> LockFile:
    """What ``uv pip install -r pylock.toml`` and ``uv pip sync pylock.toml`` install: the lock as it is."""
    file = with_pylocks(None, wanted, root, UV_PIP)
    if file.problems:
        return broken(file.path, UV_PIP, file.problems, file.files)
    file = replace(file, problems=tuple(_refused_by_uv(install, wanted)))
    (pylock, *_) = file.pylocks
    locked = Locked(pylock.lock, (), frozenset({MAIN}), formats=_formats(install))
    return LockFile(replace(file, pylocks=()), locked, UV_PIP)


def _refused_by_uv(install: Install, wanted: Sequence[NamedPylock]) -> Iterator[Problem]:
    """What uv does not take beside a lock."""
    beside = (
        ("other lock", wanted[1:]),
        ("requirements", (*install.requirements, *install.projects, *install.editables)),
        ("constraints", install.constraints),
    )
    for what, named in beside:
        if named:
            expected = f"uv takes no {what} beside a pylock.toml: give them to a command of their own"
            yield Problem(install.location, str(install), expected)


def _formats(install: Install) -> Formats:
    def projects(spellings: Iterable[str], flag: str) -> Iterator[str | None]:
        for each in install.options:
            if each.spelling == flag:
                yield None
            elif each.spelling in spellings and each.value is not None and each.value.text != ":none:":
                yield None if each.value.text == ":all:" else each.value.text

    return Formats(
        frozenset(projects(("--no-binary",), "")),
        frozenset(projects(("--only-binary", "--no-build-package"), "--no-build")),
    )
