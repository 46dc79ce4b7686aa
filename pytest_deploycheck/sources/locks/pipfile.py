"""``Pipfile``: what a project asks for, with its places, and the hash that ``Pipfile.lock`` has of it.

https://pipenv.pypa.io/en/latest/pipfile.html; the hash is that of Pipenv 2026.10 (``utils/pipfile.py``), and of older
ones, which did not spell names alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.locks.declared import Declared
from pytest_deploycheck.sources.locks.toml_text import TomlText

PACKAGES, DEV_PACKAGES = "packages", "dev-packages"
# All other tables are categories of packages.
_NO_CATEGORIES = frozenset({"source", "sources", "requires", "scripts", "pipfile", "pipenv", "build-system"})
_NOT_HASHED = frozenset(
    {"source", PACKAGES, DEV_PACKAGES, "requires", "scripts", "pipfile", "pipenv", "default", "develop"}
)


@dataclass(frozen=True)
class Pipfile:
    """A Pipfile."""

    toml: TomlText

    @property
    def categories(self) -> tuple[str, ...]:
        """Those of packages."""
        tables = self.toml.tables
        return tuple(name for name, each in tables.items() if isinstance(each, dict) and name not in _NO_CATEGORIES)

    def declared(self, category: str) -> Iterator[Declared]:
        """What a category asks for."""
        for name, said in self.toml.table(category).items():
            table: dict[str, Any] = said if isinstance(said, dict) else {"version": said}
            version = str(table.get("version", ""))
            extras = table.get("extras", [])
            shown_extras = f"[{','.join(map(str, extras))}]" if isinstance(extras, list) and extras else ""
            shown = f"{name}{shown_extras} ({version})" if version else f"{name}{shown_extras}"
            yield Declared(canonicalize_name(name), shown, self.toml.place_of((category, name)), category)

    @property
    def settings(self) -> dict[str, Any]:
        """Those of Pipenv itself."""
        return self.toml.table("pipenv")

    @property
    def python(self) -> tuple[str, Location]:
        """The Python that is asked for, empty where none is, and where."""
        requires = self.toml.table("requires")
        key = next((each for each in ("python_full_version", "python_version") if requires.get(each)), "")
        return str(requires.get(key, "")), self.toml.place_of(("requires", key))

    @cached_property
    def hashes(self) -> frozenset[str]:
        """What Pipenv may have written into a lock for this file; empty where that is not known."""
        sources = self.toml.tables.get("source", [])
        if not isinstance(sources, list) or not all(isinstance(each, dict) and "name" in each for each in sources):
            return frozenset()  # It makes up a name of its own.
        filled = [{"verify_ssl": "https://" in str(each.get("url")), **each} for each in sources]
        return frozenset({self._hash(filled, canonicalize_name), self._hash(filled, str)})

    def _hash(self, sources: list[dict[str, Any]], spelled: Callable[[str], str]) -> str:
        tables = self.toml.tables

        def section(name: str) -> Mapping[str, Any]:
            table = tables.get(name, {})
            return {spelled(key): value for key, value in table.items()} if isinstance(table, dict) else table

        hashed = {
            "_meta": {"sources": sources, "requires": tables.get("requires", {})},
            "default": section(PACKAGES),
            "develop": section(DEV_PACKAGES),
            **{name: section(name) for name in tables if name not in _NOT_HASHED},
        }
        text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def python_specifier(text: str) -> SpecifierSet | None:
    """``3.12`` or ``>=3.11``, as Pipenv compares it with a Python: only the parts that are given count."""
    try:
        if any(each in text for each in "<>!~"):
            return SpecifierSet(text)
        return SpecifierSet(f"=={text}" if len(Version(text).release) > 2 else f"=={text}.*")
    except (InvalidSpecifier, InvalidVersion):
        return None
