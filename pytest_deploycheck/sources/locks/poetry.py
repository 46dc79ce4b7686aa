"""``poetry.lock``.

https://python-poetry.org/docs/basic-usage/#committing-your-poetrylock-file-to-version-control; the format is that of
Poetry 2.5 (``poetry/packages/locker.py``), by tests/differential/test_locks_as_their_tools.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.locked.lock import POETRY, Dependency, Lock, Package
from pytest_deploycheck.sources.locks.constraint import ranges_of
from pytest_deploycheck.sources.locks.declared import MAIN
from pytest_deploycheck.sources.locks.tables import BadFile, tables_of, typed, version_of
from pytest_deploycheck.sources.locks.toml_text import TomlText
from pytest_deploycheck.urls import url_in


def read_poetry_lock(toml: TomlText, folder: Path) -> Lock:
    """Read a lock.

    :param folder: in which it lies, absolute
    :raises BadFile: it lacks what its format demands
    """
    metadata = toml.table("metadata")
    old_files = typed(metadata, "files", dict, toml.line_of("files"), {})
    tables = toml.packages()
    packages = tuple(_package(each, at, folder, old_files) for each, at in tables)
    where = toml.line_of("python-versions") if not tables else _last_line_of(toml, "python-versions")
    python = typed(metadata, "python-versions", str, where, "")
    return Lock(toml.path, POETRY, packages, ranges_of(python) if python else None, python, where)


def _last_line_of(toml: TomlText, key: str) -> Location:
    """Each package has the key too, and the one of the whole lock stands last."""
    at = toml.text.rfind(f"\n{key}")
    return Location(toml.path, toml.text.count("\n", 0, at + 1) + 1)


def _package(table: dict[str, Any], place: Location, folder: Path, old_files: dict[str, Any]) -> Package:
    name = typed(table, "name", str, place, "")
    if not name:
        raise BadFile(place, "a package needs a name")
    source = typed(table, "source", dict, place, {})
    kind = typed(source, "type", str, place, "")
    url = typed(source, "url", str, place, "")
    files = tables_of(table, "files", place) or tables_of(old_files, name, place)
    link = _link(kind, url, source, place, folder)
    return Package(
        canonicalize_name(name),
        version_of(table, place),
        place,
        tuple(_file(position, each, link, place) for position, each in enumerate(files)),
        tuple(_dependencies(table, place)),
        conditions=_conditions(table, place),
        link=link,
        index=url if kind == "legacy" else "",
    )


def _link(kind: str, url: str, source: dict[str, Any], place: Location, folder: Path) -> str:
    if kind in ("", "legacy"):
        return ""
    if kind == "git":
        return f"git+{url}@{source.get('resolved_reference', source.get('reference', ''))}"
    if kind == "url":
        return url
    if kind in ("directory", "file"):
        return url_in(folder, url) + ("/" if kind == "directory" else "")
    raise BadFile(place, f"the source {kind!r} is not known: legacy, git, url, directory or file was expected")


def _file(position: int, table: dict[str, Any], link: str, place: Location) -> File:
    """A file has no URL in this lock, but where it is the source itself."""
    name = typed(table, "file", str, place, "")
    if not name:
        raise BadFile(place, "each of files needs a file")
    digest = typed(table, "hash", str, place, "").replace(":", "=", 1)
    return File(position, name, link, (digest,) if digest else (), None, None, None, None)


def _conditions(table: dict[str, Any], place: Location) -> dict[str, str] | None:
    """Under which marker each group has it; a lock before 2.1 leaves that to be found out."""
    groups = table.get("groups")
    if groups is None:
        return None
    names = [str(each) for each in typed(table, "groups", list, place, [])]
    markers = table.get("markers", "")
    if not isinstance(markers, (str, dict)):
        raise BadFile(place, "markers has to be a string, or a table with one for each group")
    said = markers if isinstance(markers, dict) else dict.fromkeys(names, markers)
    return {canonicalize_name(name): str(said.get(name, "")) for name in names or [MAIN]}


def _dependencies(table: dict[str, Any], place: Location) -> Iterator[Dependency]:
    for name, written in typed(table, "dependencies", dict, place, {}).items():
        for each in written if isinstance(written, list) else [written]:
            said: dict[str, Any] = {"version": each} if isinstance(each, str) else each
            if not isinstance(said, dict):
                raise BadFile(place, f"what it requires of {name} has to be a string or a table")
            extras = typed(said, "extras", list, place, [])
            yield Dependency(
                canonicalize_name(name),
                typed(said, "markers", str, place, ""),
                frozenset(canonicalize_name(str(extra)) for extra in extras),
                ranges=ranges_of(typed(said, "version", str, place, "")) or (),
            )
