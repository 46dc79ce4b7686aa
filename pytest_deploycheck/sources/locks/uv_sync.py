"""What ``uv sync`` installs from ``uv.lock``: the projects, groups and extras that its options choose.

https://docs.astral.sh/uv/concepts/projects/sync/ and uv 0.13, by tests/differential/test_locks_as_their_tools.py.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.locked.lock import UV, Dependency, Formats, Locked, Package
from pytest_deploycheck.sources.locks.declared import MAIN, Pyproject, read_declared
from pytest_deploycheck.sources.locks.lock_file import Asked, LockFile, Wanted, lines_of, roots_of
from pytest_deploycheck.sources.locks.tables import typed
from pytest_deploycheck.sources.locks.toml_text import TomlText
from pytest_deploycheck.sources.locks.uv import dependencies, folder_of, read_uv_lock
from pytest_deploycheck.sources.locks.uv_member import Member
from pytest_deploycheck.sources.requirements import Problem, RequirementsFile

DEFAULT_GROUPS = ("dev",)


@dataclass(frozen=True)
class _Chosen:
    """What options choose.

    :param has_main: whether the project's own requirements are among it
    """

    has_main: bool
    groups: frozenset[str]
    extras: frozenset[str]


class UvSync:
    """One ``uv sync``.

    :param root: of the repository
    :param toml: the lock
    """

    def __init__(self, wanted: Wanted, toml: TomlText, root: Path) -> None:
        self._wanted = wanted
        self._options = wanted.options
        self._root = root
        self._toml = toml
        self._folder = posixpath.dirname(toml.path) or "."
        self._lock = read_uv_lock(toml, root / self._folder)
        self._pyprojects: dict[str, Pyproject | None] = {}

    def read(self) -> LockFile:
        """:raises BadFile: a file does not say what it should"""
        members = self._members()
        chosen = [(each, self._chosen(each)) for each in members]
        problems = [*self._absent(members), *self._undefined(members), *self._outdated(members)]
        asked = [one for member, choice in chosen for one in _asked(member, choice)]
        asked += self._of_manifest(chosen[0][1] if chosen else self._chosen(None))
        file = RequirementsFile(
            self._toml.path,
            lines_of(asked, self._lock),
            problems=tuple(problems),
            warnings=tuple(self._left_as_it_is(members)),
            files=(self._toml.path, *(each.toml.path for each in self._pyprojects.values() if each)),
        )
        return LockFile(file, self._locked(asked, chosen), UV)

    def _locked(self, asked: list[Asked], chosen: list[tuple[Member, _Chosen]]) -> Locked:
        members = frozenset(each.package.name for each, _ in chosen)
        left_out = frozenset(map(canonicalize_name, self._options.all("--no-install-package")))
        # What is deployed is the project itself: it is no distribution to look for.
        roots = tuple(roots_of(asked, self._lock))
        workspace = (
            self._workspace if self._options.has("--no-install-workspace", "--no-install-local") else frozenset()
        )
        return Locked(
            self._lock,
            roots,
            extras=frozenset(name for member, choice in chosen for name in _spelled(member.package.name, choice)),
            formats=self._formats,
            left_out=members | left_out | workspace,
            without_folders=self._options.has("--no-install-local"),
        )

    # Which projects.

    def _members(self) -> list[Member]:
        all_members = {each.name: each for each in self._lock.packages if self._folder_of(each) is not None}
        named = self._options.all("--package")
        if named:
            chosen = [all_members[name] for each in named if (name := canonicalize_name(each)) in all_members]
        else:
            chosen = self._of_folder(list(all_members.values()))
        return [self._member(each) for each in chosen]

    def _of_folder(self, members: list[Package]) -> list[Package]:
        folder = posixpath.relpath(self._wanted.folder, self._folder)
        own = [each for each in members if posixpath.normpath(self._folder_of(each) or ".") == folder]
        if own and not self._options.has("--all-packages"):
            return own
        # Where the root is no project, all members of the workspace are meant.
        return [each for each in members if each.name in self._workspace] or own

    @cached_property
    def _workspace(self) -> frozenset[str]:
        manifest = self._toml.table("manifest")
        named = typed(manifest, "members", list, self._toml.line_of("members"), [])
        own = [each.name for each in self._lock.packages if self._folder_of(each) == "."]
        return frozenset(canonicalize_name(str(each)) for each in (*named, *own))

    @cached_property
    def _tables(self) -> Mapping[Location, dict[str, Any]]:
        return {place: table for table, place in self._toml.packages()}

    def _folder_of(self, package: Package) -> str | None:
        return folder_of(self._tables[package.location])

    def _member(self, package: Package) -> Member:
        folder = posixpath.normpath(posixpath.join(self._folder, self._folder_of(package) or "."))
        return Member(package, self._tables[package.location], self._pyproject(folder))

    def _pyproject(self, folder: str) -> Pyproject | None:
        """That of a folder, read once; None where it cannot be read, of which the tool itself complains."""
        path = posixpath.normpath(posixpath.join(folder, "pyproject.toml"))
        if path not in self._pyprojects:
            try:
                self._pyprojects[path] = read_declared(TomlText.read(path, (self._root / path).read_bytes()), UV)
            except OSError:
                self._pyprojects[path] = None
        return self._pyprojects[path]

    # Which groups and extras of them.

    def _chosen(self, member: Member | None) -> _Chosen:
        options = self._options
        only = {*options.all("--only-group"), *(("dev",) if options.has("--only-dev") else ())}
        wanted = {*options.all("--group"), *only, *(("dev",) if options.has("--dev") else ())}
        defaults = () if only or options.has("--no-default-groups") else self._default_groups(member)
        groups: set[str] = set(map(canonicalize_name, (*wanted, *defaults)))
        if options.has("--all-groups") or "all" in defaults:
            groups |= self._known_groups([member] if member else [])
        without = {*options.all("--no-group"), *(("dev",) if options.has("--no-dev") else ())}
        groups -= set(map(canonicalize_name, without))
        extras: set[str] = set(map(canonicalize_name, options.all("--extra")))
        if options.has("--all-extras") and member:
            extras |= member.known_extras
        extras -= set(map(canonicalize_name, options.all("--no-extra")))
        return _Chosen(not only, frozenset(groups), frozenset(extras))

    def _default_groups(self, member: Member | None) -> tuple[str, ...]:
        """``default-groups`` of the project, else the one that uv takes."""
        pyproject = member.pyproject if member else self._pyproject(self._folder)
        table = pyproject.toml.table("tool", "uv") if pyproject else {}
        said = table.get("default-groups", list(DEFAULT_GROUPS))
        return tuple(map(str, said)) if isinstance(said, list) else (str(said),)

    def _of_manifest(self, choice: _Chosen) -> Iterator[Asked]:
        """What the root of a workspace requires that is no project itself."""
        manifest = self._toml.table("manifest")
        place = self._toml.line_of("members")
        pyproject = self._pyproject(self._folder) if "dependency-groups" in manifest else None
        asked = list(dependencies(manifest, "requirements", place)) if choice.has_main else []
        yield from (Asked(each, None) for each in asked)
        groups = self._toml.table("manifest", "dependency-groups")
        for group in groups:
            if canonicalize_name(group) in choice.groups:
                for each in dependencies(groups, group, place):
                    found = pyproject.find(each.name, group=canonicalize_name(group)) if pyproject else None
                    yield Asked(each, found)

    @cached_property
    def _formats(self) -> Formats:
        """``no-binary`` and ``no-build``, of the command and of uv's settings: those of ``uv.toml`` come first."""
        pyproject = self._pyproject(self._folder)
        table = pyproject.toml.table("tool", "uv") if pyproject else {}
        path = posixpath.normpath(posixpath.join(self._folder, "uv.toml"))
        if (self._root / path).is_file():
            table = TomlText.read(path, (self._root / path).read_bytes()).tables
        return Formats(
            frozenset(self._projects("--no-binary", "--no-binary-package", table)),
            frozenset(self._projects("--no-build", "--no-build-package", table)),
        )

    def _projects(self, flag: str, option: str, table: dict[str, Any]) -> Iterator[str | None]:
        if self._options.has(flag) or table.get(flag[2:]) is True:
            yield None
        said = table.get(option[2:], [])
        for each in (*self._options.all(option), *(said if isinstance(said, list) else ())):
            yield canonicalize_name(str(each))

    def _known_groups(self, members: Iterable[Member]) -> set[str]:
        manifest = self._toml.table("manifest", "dependency-groups")
        return {*map(canonicalize_name, manifest), *(group for each in members for group in each.known_groups)}

    # What does not fit.

    def _absent(self, members: list[Member]) -> Iterator[Problem]:
        """Projects that the lock does not have: uv stops, where it may not make it anew."""
        there = {each.package.name for each in members}
        asked = [canonicalize_name(each) for each in self._options.all("--package")]
        if not asked and not members and (own := self._pyproject(self._wanted.folder)):
            asked = [canonicalize_name(name)] if (name := str(own.toml.table("project").get("name", ""))) else []
        is_fixed = self._options.has("--frozen", "--locked")
        for name in asked:
            if name not in there:
                expected = f"the lock does not have the project {name}: run uv lock, and commit it"
                yield Problem(Location(self._toml.path), self._wanted.shown, expected, refused=is_fixed)

    def _undefined(self, members: list[Member]) -> Iterator[Problem]:
        """Groups and extras that uv is asked for and does not know: it stops."""
        groups = (*self._options.all("--group"), *self._options.all("--only-group"))
        extras = {extra for each in members for extra in each.known_extras}
        wanted = (("group", groups, self._known_groups(members)), ("extra", self._options.all("--extra"), extras))
        for kind, names, known in wanted:
            for name in names:
                if members and canonicalize_name(name) not in known:
                    expected = f"there is no {kind} {name!r} in the project's pyproject.toml, so uv stops"
                    yield Problem(self._wanted.location, self._wanted.shown, expected)

    def _outdated(self, members: list[Member]) -> Iterator[Problem]:
        """A lock that does not fit ``pyproject.toml`` any more, where uv does not take it as it is."""
        is_locked = self._options.has("--locked")
        for place, what in () if self._options.has("--frozen") else _differences(members):
            if is_locked:
                expected = "uv stops, since --locked asks for a lock that fits: run uv lock, and commit it"
            else:
                expected = "uv would resolve anew before it installs, and what it would pick is not known: run uv lock"
            yield Problem(place, what, expected, refused=is_locked)

    def _left_as_it_is(self, members: list[Member]) -> Iterator[Problem]:
        for place, what in _differences(members) if self._options.has("--frozen") else ():
            yield Problem(place, what, "--frozen installs the lock as it is: run uv lock, and commit it", refused=False)


def _differences(members: Iterable[Member]) -> Iterator[tuple[Location, str]]:
    for each in members:
        yield from each.differences()


def _spelled(project: str, choice: _Chosen) -> Iterator[str]:
    """As the markers of the lock name what is asked for, where extras or groups exclude each other."""
    if choice.has_main:
        yield f"project-{len(project)}-{project}"
        yield from (f"extra-{len(project)}-{project}-{extra}" for extra in choice.extras)
    yield from (f"group-{len(project)}-{project}-{group}" for group in choice.groups)


def _asked(member: Member, choice: _Chosen) -> Iterator[Asked]:
    package = member.package

    def asked(dependency: Dependency, *, group: str = MAIN, extra: str = "") -> Iterator[Asked]:
        declared = member.pyproject.find(dependency.name, group=group, extra=extra) if member.pyproject else None
        yield Asked(dependency, declared)

    if choice.has_main:
        for each in package.dependencies:
            yield from asked(each)
        for extra in sorted(choice.extras):
            for each in package.extras.get(extra, ()):
                yield from asked(each, extra=extra)
    for group in sorted(choice.groups):
        for each in member.groups.get(group, ()):
            yield from asked(each, group=group)


def read_uv_sync(wanted: Wanted, toml: TomlText, root: Path) -> LockFile:
    """What a ``uv sync`` installs.

    :raises BadFile: the lock, or a ``pyproject.toml``, does not say what it should
    """
    return UvSync(wanted, toml, root).read()
