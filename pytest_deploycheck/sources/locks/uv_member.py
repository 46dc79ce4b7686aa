"""A project of uv's workspace: its package in the lock beside its ``pyproject.toml``, and where the two differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.locked.lock import Dependency, Package
from pytest_deploycheck.sources.locks.declared import MAIN, Declared, Pyproject
from pytest_deploycheck.sources.locks.tables import tables_of, typed
from pytest_deploycheck.sources.locks.uv import dependencies

# What the lock says of a requirement that is no version of an index.
_DIRECT = frozenset({"git", "url", "path", "directory", "editable", "virtual"})


@dataclass(frozen=True)
class Member:
    """A project of the workspace.

    :param table: its package, as it stands in the lock
    :param pyproject: None where there is none that could be read
    """

    package: Package
    table: dict[str, Any]
    pyproject: Pyproject | None

    @cached_property
    def groups(self) -> Mapping[str, tuple[Dependency, ...]]:
        """Its groups of dependencies, as the lock has them."""
        table = typed(self.table, "dev-dependencies", dict, self.package.location, {})
        return {canonicalize_name(name): tuple(dependencies(table, name, self.package.location)) for name in table}

    @property
    def known_groups(self) -> set[str]:
        """All of its groups: the lock leaves empty ones out."""
        return {*self.groups, *(self.pyproject.groups if self.pyproject else ())}

    @property
    def known_extras(self) -> set[str]:
        """All of its extras."""
        said = typed(self._metadata, "provides-extras", list, self.package.location, [])
        return {canonicalize_name(str(each)) for each in (*said, *self.package.extras)}

    def differences(self) -> Iterator[tuple[Location, str]]:
        """What the lock has not, or with other versions, as far as names and specifiers tell it for certain."""
        if self.pyproject is None or self.pyproject.is_dynamic or not self._metadata:
            return
        lock = self.package.location.path
        # Extras that bring other extras of the project in are its own affair.
        declared = [each for each in self.pyproject.declared if each.name != self.package.name]
        for each in declared:
            tables = self._recorded(each.group).get(each.name, [])
            if not tables:
                yield each.location, f"{lock} does not know of {each.text}"
            elif len(tables) == 1 and each.name not in self._with_sources and _differ(each, tables[0]):
                recorded = f"{each.name}{tables[0].get('specifier', '')}"
                yield each.location, f"{lock} was made for {recorded}, and not for {each.text}"
        for name in sorted(set(self._recorded(MAIN)) - {self.package.name, *(each.name for each in declared)}):
            path = self.pyproject.toml.path
            yield self.package.location, f"{lock} was made with {name}, which {path} does not ask for"

    @cached_property
    def _metadata(self) -> dict[str, Any]:
        return typed(self.table, "metadata", dict, self.package.location, {})

    @cached_property
    def _with_sources(self) -> set[str]:
        """Projects of which ``tool.uv.sources`` says where they are from, and so perhaps the version."""
        sources = self.pyproject.toml.table("tool", "uv", "sources") if self.pyproject else {}
        return set(map(canonicalize_name, sources))

    def _recorded(self, group: str) -> dict[str, list[dict[str, Any]]]:
        """What ``pyproject.toml`` asked for when the lock was made, by name."""
        place = self.package.location
        dev = typed(self._metadata, "requires-dev", dict, place, {})
        tables = tables_of(self._metadata, "requires-dist", place) if group == MAIN else []
        tables += [each for name in dev if canonicalize_name(name) == group for each in tables_of(dev, name, place)]
        found: dict[str, list[dict[str, Any]]] = {}
        for table in tables:
            found.setdefault(canonicalize_name(str(table.get("name", ""))), []).append(table)
        return found


def _differ(declared: Declared, table: dict[str, Any]) -> bool:
    if declared.specifier is None or not _DIRECT.isdisjoint(table):
        return False
    try:
        return SpecifierSet(declared.specifier) != SpecifierSet(str(table.get("specifier", "")))
    except InvalidSpecifier:
        return False
