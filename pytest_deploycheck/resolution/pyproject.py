"""``pyproject.toml``, as far as a resolution reads it, with types: whoever wrote it may have written anything."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# PEP 517: without a [build-system] table it is setuptools.
SETUPTOOLS = "setuptools.build_meta"

Table = TypeVar("Table")


@dataclass(frozen=True)
class Dependencies:
    """What a project requires.

    :param requires: the requirement strings, those of extras with ``extra == "..."`` in their markers
    :param extras: in normalised spelling
    """

    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """The ``[project]`` table (PEP 621).

    :param name: empty where it is not given
    :param version: empty where it is not given, or left to the build backend
    :param dependencies: None where they are left to the build backend
    :param said: those of them that are not
    """

    name: str
    version: str
    requires_python: str | None
    dependencies: Dependencies | None
    said: Dependencies = Dependencies()


@dataclass(frozen=True)
class Pyproject:
    """The file.

    :param build_requires: the requirement strings of the build
    :param requirement_files: which files setuptools takes dependencies from, by extra, those of all under ``""``; None
        where it is told to find out otherwise
    """

    build_requires: tuple[str, ...] = ()
    backend: str = SETUPTOOLS
    project: Project | None = None
    requirement_files: Mapping[str, tuple[str, ...]] | None = None


def read_pyproject(text: str) -> Pyproject:
    """Read the file; an empty one is as good as none.

    :raises ValueError: it is no TOML, or something in it has another type than it should
    :raises RecursionError: it is nested too deep for this moment's stack
    """
    tables: dict[str, Any] = tomllib.loads(text)
    system = _typed(tables, "build-system", dict, {})
    project = _typed(tables, "project", dict, {})
    tools = _typed(tables, "tool", dict, {})
    setuptools = _typed(tools, "setuptools", dict, {})
    return Pyproject(
        build_requires=_strings(system, "requires"),
        backend=_typed(system, "build-backend", str, SETUPTOOLS),
        project=_project(project) if "project" in tables else _of_poetry(_typed(tools, "poetry", dict, {})),
        requirement_files=_requirement_files(_strings(project, "dynamic"), _typed(setuptools, "dynamic", dict, {})),
    )


def _project(table: dict[str, Any]) -> Project:
    dynamic = _strings(table, "dynamic")
    said = _dependencies(table)
    return Project(
        name=_typed(table, "name", str, ""),
        version="" if "version" in dynamic else _typed(table, "version", str, ""),
        requires_python=_typed(table, "requires-python", str, "") or None,
        dependencies=None if {"dependencies", "optional-dependencies"} & set(dynamic) else said,
        said=said,
    )


def _of_poetry(table: dict[str, Any]) -> Project | None:
    """What is said in Poetry's own way, as far as it means the same: plugins may set the version."""
    name = _typed(table, "name", str, "")
    return Project(name, "", None, None) if name else None


def _requirement_files(dynamic: Collection[str], table: dict[str, Any]) -> dict[str, tuple[str, ...]] | None:
    """https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html#dynamic-metadata"""
    named: dict[str, tuple[str, ...] | None] = {}
    if "dependencies" in dynamic:
        named[""] = _files(table, "dependencies")
    if "optional-dependencies" in dynamic:
        extras = _typed(table, "optional-dependencies", dict, {"": {}})
        named.update({extra: _files(extras, extra) for extra in extras})
    found = {extra: files for extra, files in named.items() if files is not None}
    return found if len(found) == len(named) else None


def _files(table: dict[str, Any], key: str) -> tuple[str, ...] | None:
    """What ``{file = ...}`` names, one or several."""
    value = _typed(table, key, dict, {}).get("file")
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) and all(isinstance(each, str) for each in value) else None


def _dependencies(table: dict[str, Any]) -> Dependencies:
    optional = _typed(table, "optional-dependencies", dict, {})
    requires = list(_strings(table, "dependencies"))
    for extra in optional:
        requires += [with_extra(line, extra) for line in _strings(optional, extra)]
    return Dependencies(tuple(requires), tuple(canonicalize_name(extra) for extra in optional))


def with_extra(line: str, extra: str) -> str:
    """A requirement that only an extra brings."""
    requirement, _, marker = line.partition(";")
    condition = f'extra == "{canonicalize_name(extra)}"'
    return f"{requirement.strip()} ; ({marker.strip()}) and {condition}" if marker else f"{requirement} ; {condition}"


def _typed(table: dict[str, Any], key: str, kind: type[Table], default: Table) -> Table:
    value = table.get(key, default)
    if not isinstance(value, kind):
        raise ValueError(f"{key} is a {type(value).__name__}, not a {kind.__name__}")
    return value


def _strings(table: dict[str, Any], key: str) -> tuple[str, ...]:
    values: list[Any] = _typed(table, key, list, [])
    if not all(isinstance(each, str) for each in values):
        raise ValueError(f"{key} holds something else than strings")
    return tuple(values)
