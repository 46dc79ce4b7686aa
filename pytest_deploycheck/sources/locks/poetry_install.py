"""What ``poetry install`` and ``poetry sync`` install from ``poetry.lock``: the groups and extras that options choose.

https://python-poetry.org/docs/cli/#install and Poetry 2.5, by tests/differential/test_locks_as_their_tools.py.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pytest_deploycheck.resolution.locked.lock import POETRY, Dependency, Formats, Locked
from pytest_deploycheck.sources.locks.constraint import marker_of, ranges_of
from pytest_deploycheck.sources.locks.declared import MAIN, Declared, Pyproject, poetry_extras, read_project
from pytest_deploycheck.sources.locks.lock_file import Asked, LockFile, Wanted, lines_of, roots_of
from pytest_deploycheck.sources.locks.poetry import read_poetry_lock
from pytest_deploycheck.sources.locks.toml_text import TomlText
from pytest_deploycheck.sources.requirements import Problem, RequirementsFile


class PoetryInstall:
    """One ``poetry install``.

    :param root: of the repository
    :param toml: the lock
    """

    def __init__(self, wanted: Wanted, toml: TomlText, root: Path) -> None:
        self._wanted = wanted
        self._options = wanted.options
        self._toml = toml
        self._root = root
        self._folder = posixpath.dirname(toml.path) or "."
        self._lock = read_poetry_lock(toml, root / self._folder)

    def read(self) -> LockFile:
        """
        :raises BadFile: a file does not say what it should
        :raises NotReadable: ``pyproject.toml`` cannot be read
        """
        pyproject = read_project(self._toml, self._root, POETRY)
        groups, extras = self._groups(pyproject), self._extras(pyproject)
        asked = list(_asked(pyproject, groups, extras))
        file = RequirementsFile(
            self._toml.path,
            lines_of(asked, self._lock),
            problems=(*self._undefined(pyproject), *self._outdated(pyproject)),
            files=(self._toml.path, pyproject.toml.path),
        )
        locked = Locked(
            self._lock,
            roots_of(asked, self._lock),
            frozenset(groups),
            frozenset(extras),
            self._formats,
            left_out=frozenset({self._name(pyproject)}),
            without_folders=self._options.has("--no-directory"),
        )
        return LockFile(file, locked, POETRY)

    @staticmethod
    def _name(pyproject: Pyproject) -> str:
        named = pyproject.toml.table("project").get("name") or pyproject.toml.table("tool", "poetry").get("name", "")
        return canonicalize_name(str(named))

    def _groups(self, pyproject: Pyproject) -> set[str]:
        options = self._options
        if options.has("--only-root"):
            return set()
        only: set[str] = set(map(canonicalize_name, options.all("--only")))
        if only:
            return only
        optional = {
            canonicalize_name(name)
            for name, table in pyproject.toml.table("tool", "poetry", "group").items()
            if isinstance(table, dict) and table.get("optional") is True
        }
        groups = {MAIN, *pyproject.groups} - (set() if options.has("--all-groups") else optional)
        groups |= set(map(canonicalize_name, options.all("--with")))
        without = (*options.all("--without"), *(("dev",) if options.has("--no-dev") else ()))
        return groups - set(map(canonicalize_name, without))

    def _extras(self, pyproject: Pyproject) -> set[str]:
        if self._options.has("--all-extras"):
            return self._known_extras(pyproject)
        return set(map(canonicalize_name, self._options.all("-E", "--extras")))

    def _known_extras(self, pyproject: Pyproject) -> set[str]:
        project = pyproject.toml.table("project", "optional-dependencies")
        return {*map(canonicalize_name, project), *poetry_extras(pyproject)}

    def _undefined(self, pyproject: Pyproject) -> Iterator[Problem]:
        """Groups and extras that Poetry is asked for and does not know: it stops."""
        groups = (*self._options.all("--with"), *self._options.all("--without"), *self._options.all("--only"))
        extras = self._options.all("-E", "--extras")
        known = {MAIN, *pyproject.groups}
        for kind, names, there in (("group", groups, known), ("extra", extras, self._known_extras(pyproject))):
            for name in names:
                if canonicalize_name(name) not in there:
                    expected = f"there is no {kind} {name!r} in {pyproject.toml.path}, so Poetry stops"
                    yield Problem(self._wanted.location, self._wanted.shown, expected)

    def _outdated(self, pyproject: Pyproject) -> Iterator[Problem]:
        """Poetry stops at a lock that was made for another ``pyproject.toml``; of old ones no hash is known."""
        said = self._toml.table("metadata").get("content-hash")
        if isinstance(said, str) and said not in _content_hashes(pyproject.toml.tables):
            expected = (
                f"{pyproject.toml.path} has changed since, and Poetry stops there: run poetry lock, and commit it"
            )
            yield Problem(self._toml.line_of("content-hash"), "", expected)

    @cached_property
    def _formats(self) -> Formats:
        """``installer.no-binary`` and ``installer.only-binary``, by variables or in ``poetry.toml``."""
        path = posixpath.normpath(posixpath.join(self._folder, "poetry.toml"))
        said: dict[str, Any] = {}
        if (self._root / path).is_file():
            said = TomlText.read(path, (self._root / path).read_bytes()).table("installer")
        return Formats(frozenset(self._projects("no-binary", said)), frozenset(self._projects("only-binary", said)))

    def _projects(self, key: str, table: dict[str, Any]) -> Iterator[str | None]:
        said = self._options.all(f"installer.{key}") or table.get(key, [])
        for each in said if isinstance(said, (list, tuple)) else [str(said).lower()]:
            if str(each).lower() in (":all:", "true", "1"):
                yield None
            elif str(each).lower() not in (":none:", "false", "0"):
                yield canonicalize_name(str(each))


def _asked(pyproject: Pyproject, groups: set[str], extras: set[str]) -> Iterator[Asked]:
    """The requirements of the project that groups and extras choose."""
    within = pyproject.with_included(groups)
    by_extra = {name for extra, names in poetry_extras(pyproject).items() if extra in extras for name in names}
    for each in pyproject.declared:
        is_chosen = each.extra in extras if each.extra else not each.optional or each.name in by_extra
        if each.group in within and is_chosen and not _only_adds(each, pyproject):
            yield Asked(_dependency(each), each)


def _only_adds(declared: Declared, pyproject: Pyproject) -> bool:
    """Whether Poetry's own table only adds to what ``[project]`` says, such as a source."""
    is_own = declared.location == pyproject.toml.place_of(("tool", "poetry", "dependencies", declared.name))
    project = pyproject.toml.table("project")
    return is_own and declared.group == MAIN and "dependencies" in project and not declared.constraint


def _dependency(declared: Declared) -> Dependency:
    markers = [declared.marker]
    if declared.python:
        markers.append(marker_of("python_full_version", declared.python) or "")
    if declared.platform:
        markers.append(f"sys_platform == '{declared.platform}'")
    marker = " and ".join(f"({each})" for each in markers if each)
    ranges = ranges_of(declared.constraint) or ()
    return Dependency(declared.name, marker, declared.extras, ranges=ranges)


# `Locker._get_content_hash` of Poetry 2.5.1. Before 2.3 groups of [dependency-groups] did not count, and before 2.0
# [project] did not.
_OF_PROJECT = ("requires-python", "dependencies", "optional-dependencies")
_LEGACY = ("dependencies", "source", "extras", "dev-dependencies")


def _content_hashes(tables: dict[str, Any]) -> set[str]:
    """What Poetry may have written into a lock for this file."""
    project = {key: value for key, value in _in(tables, "project").items() if key in _OF_PROJECT}
    groups = _in(tables, "dependency-groups")
    poetry = _in(_in(tables, "tool"), "poetry")
    return {_content_hash(*each, poetry) for each in ((project, groups), (project, {}), ({}, {}))}


def _content_hash(project: dict[str, Any], groups: dict[str, Any], poetry: dict[str, Any]) -> str:
    is_legacy = not project and not groups
    said = {key: poetry.get(key) for key in (*_LEGACY, "group") if key in poetry or (is_legacy and key in _LEGACY)}
    content: dict[str, Any] = {}
    if project:
        content["project"] = project
    if groups:
        content["dependency-groups"] = groups
    relevant = {**content, "tool": {"poetry": said}} if content else said
    return hashlib.sha256(json.dumps(relevant, sort_keys=True, default=str).encode()).hexdigest()


def _in(table: dict[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key, {})
    return found if isinstance(found, dict) else {}


def read_poetry_install(wanted: Wanted, toml: TomlText, root: Path) -> LockFile:
    """What a ``poetry install`` installs.

    :raises BadFile: the lock, or ``pyproject.toml``, does not say what it should
    """
    return PoetryInstall(wanted, toml, root).read()
