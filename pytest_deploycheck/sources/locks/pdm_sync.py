"""What ``pdm sync`` and ``pdm install`` install from ``pdm.lock``: the groups that options choose.

https://pdm-project.org/en/latest/reference/cli/#sync and PDM 2.29 (``cli/filters.py``, ``cli/actions.py``), by
tests/differential/test_locks_as_their_tools.py.
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

from pytest_deploycheck.resolution.locked.lock import PDM, Dependency, Formats, Locked
from pytest_deploycheck.sources.locks.declared import MAIN, Declared, Pyproject, read_project
from pytest_deploycheck.sources.locks.lock_file import Asked, LockFile, Wanted, lines_of, roots_of
from pytest_deploycheck.sources.locks.pdm import read_pdm_lock
from pytest_deploycheck.sources.locks.tables import typed
from pytest_deploycheck.sources.locks.toml_text import TomlText
from pytest_deploycheck.sources.requirements import Problem, RequirementsFile

DEFAULT, ALL = "default", ":all"


class PdmSync:
    """One ``pdm sync``, or ``pdm install``.

    :param root: of the repository
    :param toml: the lock
    """

    def __init__(self, wanted: Wanted, toml: TomlText, root: Path, pyproject: Pyproject) -> None:
        self._wanted = wanted
        self._options = wanted.options
        self._toml = toml
        self._root = root
        self._folder = posixpath.dirname(toml.path) or "."
        self._pyproject = pyproject
        self._lock = read_pdm_lock(toml, root / self._folder)

    def read(self) -> LockFile:
        """:raises BadFile: a file does not say what it should"""
        groups = self._groups()
        asked = list(self._asked(groups))
        file = RequirementsFile(
            self._toml.path,
            lines_of(asked, self._lock),
            problems=(*self._refused(groups), *self._unknown()),
            warnings=tuple(self._left_as_it_is()),
            files=(self._toml.path, self._pyproject.toml.path),
        )
        name = canonicalize_name(str(self._pyproject.toml.table("project").get("name", "")))
        excluded = (canonicalize_name(str(each)) for each in self._resolution.get("excludes", ()))
        locked = Locked(
            self._lock,
            roots_of(asked, self._lock),
            frozenset(groups),
            formats=self._formats,
            left_out=frozenset({name, *excluded}),
        )
        return LockFile(file, locked, PDM)

    # Which groups.

    @property
    def _dev_groups(self) -> set[str]:
        toml = self._pyproject.toml
        tables = (toml.table("dependency-groups"), toml.table("tool", "pdm", "dev-dependencies"))
        return {canonicalize_name(name) for table in tables for name in table}

    @property
    def _optional_groups(self) -> set[str]:
        return set(map(canonicalize_name, self._pyproject.toml.table("project", "optional-dependencies")))

    @property
    def _locked_groups(self) -> list[str]:
        place = self._toml.line_of("groups")
        return [str(each) for each in typed(self._toml.table("metadata"), "groups", list, place, [])]

    def _groups(self) -> set[str]:
        options = self._options
        there = {DEFAULT, *self._dev_groups, *self._optional_groups}
        named = list(options.all("-G", "--group", "--with"))
        without = set(map(canonicalize_name, options.all("--without")))
        has_dev = None if not options.has("-d", "--dev", "--prod", "--production") else options.has("-d", "--dev")
        if without and not named and has_dev is None:
            named = [ALL]
        if not named and has_dev is None and not options.has("--no-default") and self._locked_groups:
            return {each for each in self._locked_groups if each in there}
        groups: set[str] = {canonicalize_name(each) for each in named if each != ALL}
        if has_dev is not False and not groups & self._dev_groups:
            groups |= self._dev_groups
        if ALL in named:
            groups |= self._optional_groups
        if not options.has("--no-default"):
            groups.add(DEFAULT)
        # What does not exist PDM passes over.
        return (groups - without) & there

    def _asked(self, groups: set[str]) -> Iterator[Asked]:
        """The requirements of the project that groups choose."""
        within = self._pyproject.with_included(groups)
        for each in self._pyproject.declared:
            if _group_of(each) in within:
                ranges = ()  # The lock has what fits, for this target.
                yield Asked(Dependency(each.name, each.marker, each.extras, ranges=ranges), each)

    # Settings.

    @property
    def _resolution(self) -> dict[str, Any]:
        return self._pyproject.toml.table("tool", "pdm", "resolution")

    @cached_property
    def _formats(self) -> Formats:
        """``no-binary`` and ``only-binary``, by variables or in ``pyproject.toml``."""
        return Formats(frozenset(self._projects("no-binary")), frozenset(self._projects("only-binary")))

    def _projects(self, key: str) -> Iterator[str | None]:
        said = self._options.all(f"resolution.{key}") or self._resolution.get(key, [])
        for each in said if isinstance(said, (list, tuple)) else str(said).split(","):
            if str(each).strip():
                yield None if str(each).strip() == ":all:" else canonicalize_name(str(each).strip())

    # What does not fit.

    @property
    def _is_install(self) -> bool:
        return "install" in self._options.positional

    @cached_property
    def _is_outdated(self) -> bool:
        """Whether the lock was made for another ``pyproject.toml``, as far as that is known."""
        said = self._toml.table("metadata").get("content_hash")
        return isinstance(said, str) and said.startswith("sha256:") and said[7:] != _content_hash(self._pyproject)

    def _refused(self, groups: set[str]) -> Iterator[Problem]:
        """Where PDM stops."""
        if self._is_outdated and self._is_install and self._options.has("--check"):
            expected = f"{self._pyproject.toml.path} has changed since, and --check stops there: run pdm lock"
            yield Problem(self._toml.line_of("content_hash"), "", f"{expected}, and commit it")
        locked = self._locked_groups
        for group in sorted(groups - set(locked)) if locked else ():
            expected = f"the lock does not have the group {group}, so PDM stops: run pdm lock -G {group}, and commit it"
            yield Problem(self._toml.line_of("groups"), "", expected)
        named = {canonicalize_name(each) for each in self._options.all("-G", "--group", "--with")}
        if self._options.has("--prod", "--production") and (clash := named & self._dev_groups):
            expected = f"--prod does not go with {', '.join(sorted(clash))}, a group for development, so PDM stops"
            yield Problem(self._wanted.location, self._wanted.shown, expected)

    def _unknown(self) -> Iterator[Problem]:
        """What is not known here."""
        if self._is_outdated and self._is_install and not self._options.has("--check"):
            expected = f"{self._pyproject.toml.path} has changed since: PDM would resolve anew before it installs"
            yield Problem(self._toml.line_of("content_hash"), "", f"{expected}: run pdm lock", refused=False)
        path = posixpath.normpath(posixpath.join(self._folder, "pdm.toml"))
        if (self._root / path).is_file():
            settings = TomlText.read(path, (self._root / path).read_bytes())
            if settings.tables.get("use_uv") is True:
                place = settings.line_of("use_uv")
                yield Problem(place, "", "what PDM lets uv resolve from its lock is not followed", refused=False)

    def _left_as_it_is(self) -> Iterator[Problem]:
        if self._is_outdated and not self._is_install:
            what = f"{self._pyproject.toml.path} has changed since the lock was made"
            expected = "pdm sync installs the lock as it is: run pdm lock, and commit it"
            yield Problem(self._toml.line_of("content_hash"), what, expected, refused=False)


def _group_of(declared: Declared) -> str:
    return declared.extra or (DEFAULT if declared.group == MAIN else declared.group)


def _content_hash(pyproject: Pyproject) -> str:
    """``PyProject.content_hash`` of PDM 2.29."""
    toml = pyproject.toml
    project, settings = toml.table("project"), toml.table("tool", "pdm")
    groups = {canonicalize_name(name): list(each) for name, each in toml.table("dependency-groups").items()}
    for name, each in toml.table("tool", "pdm", "dev-dependencies").items():
        groups.setdefault(canonicalize_name(name), []).extend(each)
    hashed = {
        "sources": settings.get("source", []),
        "dependencies": project.get("dependencies", []),
        "dev-dependencies": groups,
        "optional-dependencies": project.get("optional-dependencies", {}),
        "requires-python": project.get("requires-python", ""),
        "resolution": settings.get("resolution", {}),
    }
    return hashlib.sha256(json.dumps(hashed, sort_keys=True, default=str).encode()).hexdigest()


def read_pdm_sync(wanted: Wanted, toml: TomlText, root: Path) -> LockFile:
    """What a ``pdm sync`` or ``pdm install`` installs.

    :raises BadFile: the lock, or the ``pyproject.toml``, does not say what it should
    :raises NotReadable: the latter cannot be read
    """
    return PdmSync(wanted, toml, root, read_project(toml, root, PDM)).read()
