"""``uv.lock``.

https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile; the format itself is that of uv 0.13
(``crates/uv-resolver/src/lock``), by tests/differential/test_locks_as_their_tools.py.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.direct import direct_file
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.locked.lock import UV, Dependency, Lock, Package
from pytest_deploycheck.sources.locks.tables import BadFile, tables_of, typed, version_of
from pytest_deploycheck.sources.locks.toml_text import TomlText
from pytest_deploycheck.urls import url_in

# What stands in `source` for a folder of this machine: the last one is not installed, but what it requires is.
_FOLDERS = ("editable", "directory", "virtual")


def read_uv_lock(toml: TomlText, folder: Path) -> Lock:
    """Read a lock.

    :param folder: in which it lies, absolute
    :raises BadFile: it lacks what its format demands
    """
    place = Location(toml.path)
    python = typed(toml.tables, "requires-python", str, toml.line_of("requires-python"), "")
    if not python:
        raise BadFile(place, "a lock of uv says requires-python, and this one does not")
    packages = tuple(_package(table, at, folder) for table, at in toml.packages())
    where = toml.line_of("requires-python")
    return Lock(toml.path, UV, packages, _ranges(python, where), python, where)


def folder_of(table: dict[str, Any]) -> str | None:
    """The folder that a package of the lock is, relative to the lock; None where it is none."""
    source = table.get("source")
    return next((source[kind] for kind in _FOLDERS if kind in source), None) if isinstance(source, dict) else None


def _ranges(python: str, place: Location) -> tuple[SpecifierSet, ...]:
    try:
        return (SpecifierSet(python),)
    except InvalidSpecifier as error:
        raise BadFile(place, f"a version specifier such as >=3.12 was expected, and {python!r} is none") from error


def _package(table: dict[str, Any], place: Location, folder: Path) -> Package:
    name = typed(table, "name", str, place, "")
    source = typed(table, "source", dict, place, {})
    if not name or not source:
        raise BadFile(place, f"a package needs a {'source' if name else 'name'}")
    files = tuple(_files(table, place, source, folder))
    link = _link(source, place, folder)
    optional = typed(table, "optional-dependencies", dict, place, {})
    return Package(
        canonicalize_name(name),
        # A folder may leave it to its build.
        version_of(table, place, is_needed="registry" in source),
        place,
        files,
        tuple(dependencies(table, "dependencies", place)),
        {canonicalize_name(extra): tuple(dependencies(optional, extra, place)) for extra in optional},
        link=link,
        is_installed="virtual" not in source,
    )


def dependencies(table: dict[str, Any], key: str, place: Location) -> Iterator[Dependency]:
    """A list of them.

    :raises BadFile: it is none
    """
    for each in tables_of(table, key, place):
        # In the lock itself it is `extra`, in what it says of `pyproject.toml` it is `extras`.
        extras = (*typed(each, "extra", list, place, []), *typed(each, "extras", list, place, []))
        name = typed(each, "name", str, place, "")
        if not name:
            raise BadFile(place, f"each of {key} needs a name")
        yield Dependency(
            canonicalize_name(name),
            typed(each, "marker", str, place, ""),
            frozenset(canonicalize_name(str(extra)) for extra in extras),
            typed(each, "version", str, place, ""),
        )


def _link(source: dict[str, Any], place: Location, folder: Path) -> str:
    kind, value = next(iter(source.items()))
    if not isinstance(value, str):
        raise BadFile(place, "the source of a package has to be a table of strings")
    if kind == "registry":
        return ""
    if kind == "git":
        return f"git+{value}"
    if kind == "url":
        return value
    if kind in (*_FOLDERS, "path"):
        return url_in(folder, value) + ("/" if kind in _FOLDERS else "")
    raise BadFile(
        place,
        f"the source {kind!r} is not known: registry, git, url, path, directory, editable or virtual was expected",
    )


def _files(table: dict[str, Any], place: Location, source: dict[str, Any], folder: Path) -> Iterator[File]:
    sdist = typed(table, "sdist", dict, place, {})
    tables = ([sdist] if sdist else []) + tables_of(table, "wheels", place)
    for position, each in enumerate(tables):
        url = typed(each, "url", str, place, "")
        path = typed(each, "path", str, place, "")
        if not url and path:
            url = url_in(folder, posixpath.join(str(source.get("registry", "")), path))
        url = url or str(source.get("url", "")) or (url_in(folder, source["path"]) if "path" in source else "")
        size = each.get("size")
        named = direct_file(url)
        digest = typed(each, "hash", str, place, "").replace(":", "=", 1)
        filename = typed(each, "filename", str, place, "") or named.filename
        if not filename:
            raise BadFile(place, "each file needs a url, a path or a filename")
        hashes = (digest,) if digest else named.hashes
        yield File(position, filename, named.url, hashes, None, None, None, size if isinstance(size, int) else None)
