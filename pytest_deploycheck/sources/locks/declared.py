"""What ``pyproject.toml`` asks for, with its places: the lines that a user changes.

https://packaging.python.org/en/latest/specifications/pyproject-toml/ and .../dependency-groups/, uv's
``dev-dependencies``, those of PDM: https://pdm-project.org/en/latest/usage/dependency/, and Poetry's own tables:
https://python-poetry.org/docs/pyproject/, all 2026-11-26.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from pytest_deploycheck.location import Location
from pytest_deploycheck.refusal import reason_of
from pytest_deploycheck.resolution.locked.lock import PDM, POETRY, UV
from pytest_deploycheck.sources.locks.tables import BadFile, typed
from pytest_deploycheck.sources.locks.toml_text import TomlText

MAIN = "main"


@dataclass(frozen=True)
class Declared:
    """One requirement of a project.

    :param text: as a message shows it
    :param group: ``main``, or the group of dependencies that it is in
    :param extra: the extra that brings it; empty where none has to
    :param marker: in PEP 508's words
    :param python: Poetry's ``python``, a constraint
    :param platform: Poetry's ``platform``
    :param constraint: Poetry's ``version``
    :param optional: whether it is there for extras only, as Poetry writes it
    """

    name: NormalizedName
    text: str
    location: Location
    group: str = MAIN
    extra: str = ""
    extras: frozenset[str] = frozenset()
    marker: str = ""
    python: str = ""
    platform: str = ""
    constraint: str = ""
    specifier: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Pyproject:
    """A ``pyproject.toml``, as far as locks have to do with it.

    :param declared: what it asks for, in the order of its tables
    :param groups: all groups of dependencies, each with those that it includes
    """

    toml: TomlText
    declared: tuple[Declared, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_dynamic(self) -> bool:
        """Whether a build backend says what is required."""
        dynamic = self.toml.table("project").get("dynamic", [])
        return isinstance(dynamic, list) and not {"dependencies", "optional-dependencies"}.isdisjoint(map(str, dynamic))

    def with_included(self, groups: Iterable[str]) -> set[str]:
        """Groups, and all those that they include."""
        found = set(groups)
        queue = list(found)
        while queue:
            further = set(self.groups.get(queue.pop(), ())) - found
            found |= further
            queue += further
        return found

    def find(self, name: str, *, group: str = MAIN, extra: str = "") -> Declared | None:
        """The line that asks for a project: one of that group and extra, else any."""
        named = [each for each in self.declared if each.name == name]
        exact = [each for each in named if each.group == group and each.extra == extra]
        return next(iter((*exact, *named)), None)


class NotReadable(Exception):
    """The disk does not give the project's file, which decides on what is installed; the message says why."""


def read_project(lock: TomlText, root: Path, tool: str) -> Pyproject:
    """The ``pyproject.toml`` beside a lock.

    :param root: of the repository
    :raises NotReadable: it is not there, or cannot be read
    :raises BadFile: something in it has another type than it should
    """
    path = posixpath.join(posixpath.dirname(lock.path), "pyproject.toml")
    try:
        content = (root / path).read_bytes()
    except OSError as error:
        raise NotReadable(f"{path} cannot be read, and it decides what is installed: {reason_of(error)}") from error
    return read_declared(TomlText.read(path, content), tool)


def read_declared(toml: TomlText, tool: str) -> Pyproject:
    """Read it as a tool does: uv does not look into Poetry's tables, nor Poetry into those of uv.

    :raises BadFile: something in it has another type than it should
    """
    own = {UV: _of_uv, PDM: _of_pdm}.get(tool, _of_poetry)
    declared = [*_of_project(toml), *_of_groups(toml), *own(toml)]
    included = {**dict.fromkeys((each.group for each in declared), ()), **_included(toml)}
    if tool == POETRY:
        for group, names in _included_by_poetry(toml).items():
            included[group] = (*included.get(group, ()), *names)
    return Pyproject(toml, tuple(declared), included)


def _included(toml: TomlText) -> dict[str, tuple[str, ...]]:
    """The groups of ``[dependency-groups]``, each with those that it includes."""
    found: dict[str, tuple[str, ...]] = {}
    for group, items in toml.table("dependency-groups").items():
        tables = [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
        found[canonicalize_name(group)] = tuple(canonicalize_name(str(each.get("include-group"))) for each in tables)
    return found


def _included_by_poetry(toml: TomlText) -> dict[str, tuple[str, ...]]:
    """The same of Poetry's own groups."""
    found: dict[str, tuple[str, ...]] = {}
    for group, table in toml.table("tool", "poetry", "group").items():
        place = toml.place_of(("tool", "poetry", "group", group))
        named = typed(table, "include-groups", list, place, []) if isinstance(table, dict) else []
        found[canonicalize_name(group)] = tuple(canonicalize_name(str(each)) for each in named)
    return found


def _of_project(toml: TomlText) -> Iterator[Declared]:
    project = toml.table("project")
    place = toml.place_of(("project",))
    for text in typed(project, "dependencies", list, place, []):
        yield from _requirement(toml, text, ("project", "dependencies"))
    for extra, texts in typed(project, "optional-dependencies", dict, place, {}).items():
        for text in texts if isinstance(texts, list) else ():
            yield from _requirement(toml, text, ("project", "optional-dependencies"), extra=canonicalize_name(extra))


def _of_groups(toml: TomlText) -> Iterator[Declared]:
    for group, items in toml.table("dependency-groups").items():
        for text in items if isinstance(items, list) else ():
            if isinstance(text, str):
                yield from _requirement(toml, text, ("dependency-groups", group), group=canonicalize_name(group))


def _of_uv(toml: TomlText) -> Iterator[Declared]:
    keys = ("tool", "uv", "dev-dependencies")
    for text in typed(toml.table("tool", "uv"), "dev-dependencies", list, toml.place_of(keys), []):
        yield from _requirement(toml, text, keys, group="dev")


def _of_pdm(toml: TomlText) -> Iterator[Declared]:
    keys = ("tool", "pdm", "dev-dependencies")
    for group, texts in toml.table(*keys).items():
        for text in texts if isinstance(texts, list) else ():
            # PDM takes `-e file:///...` there too.
            if isinstance(text, str) and not text.startswith("-e"):
                yield from _requirement(toml, text, (*keys, group), group=canonicalize_name(group))


def _requirement(
    toml: TomlText, text: object, keys: tuple[str, ...], *, group: str = MAIN, extra: str = ""
) -> Iterator[Declared]:
    """A PEP 508 requirement; what is none the tool itself refuses."""
    try:
        read = Requirement(text) if isinstance(text, str) else None
    except InvalidRequirement:
        read = None
    place = toml.place_of(keys, text if isinstance(text, str) else None)
    if read is None:
        raise BadFile(place, f"a requirement such as name>=1.0 was expected, and {text!r} is none")
    yield Declared(
        canonicalize_name(read.name),
        str(text),
        place,
        group,
        extra,
        frozenset(map(canonicalize_name, read.extras)),
        str(read.marker or ""),
        constraint=str(read.specifier),
        specifier=None if read.url else str(read.specifier),
    )


def _of_poetry(toml: TomlText) -> Iterator[Declared]:
    poetry = ("tool", "poetry")
    yield from _of_poetry_table(toml, (*poetry, "dependencies"), MAIN)
    yield from _of_poetry_table(toml, (*poetry, "dev-dependencies"), "dev")
    for group in toml.table(*poetry, "group"):
        yield from _of_poetry_table(toml, (*poetry, "group", group, "dependencies"), canonicalize_name(group))


def _of_poetry_table(toml: TomlText, keys: tuple[str, ...], group: str) -> Iterator[Declared]:
    for name, written in toml.table(*keys).items():
        if canonicalize_name(name) == "python":
            continue
        place = toml.place_of((*keys, name))
        for value in written if isinstance(written, list) else [written]:
            yield _poetry(name, value, place, group)


def _poetry(name: str, value: Any, place: Location, group: str) -> Declared:
    table: dict[str, Any] = {"version": value} if isinstance(value, str) else value
    if not isinstance(table, dict):
        raise BadFile(place, f'a constraint such as {name} = "^1.0", or a table, was expected')
    version = typed(table, "version", str, place, "")
    extras = typed(table, "extras", list, place, [])
    shown_extras = f"[{','.join(map(str, extras))}]" if extras else ""
    return Declared(
        canonicalize_name(name),
        f"{name}{shown_extras} ({version})" if version else f"{name}{shown_extras}",
        place,
        group,
        extras=frozenset(canonicalize_name(str(each)) for each in extras),
        marker=typed(table, "markers", str, place, ""),
        python=typed(table, "python", str, place, ""),
        platform=typed(table, "platform", str, place, ""),
        constraint=version,
        optional=typed(table, "optional", bool, place, False),
    )


def poetry_extras(pyproject: Pyproject) -> dict[str, frozenset[NormalizedName]]:
    """The projects of each extra that Poetry's own table has."""
    found: dict[str, frozenset[NormalizedName]] = {}
    for extra, names in pyproject.toml.table("tool", "poetry", "extras").items():
        listed = names if isinstance(names, list) else []
        named = (re.split(r"[\s<>=!~\[;(]", str(each))[0] for each in listed)
        found[canonicalize_name(extra)] = frozenset(map(canonicalize_name, named))
    return found
