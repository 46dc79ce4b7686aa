"""Whether a source distribution needs a compiler, from what it holds and what its build asks for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from pytest_deploycheck.resolution.metadata import requirement
from pytest_deploycheck.resolution.pyproject import Pyproject


@dataclass(frozen=True)
class BuildNeeds:
    """What building takes.

    :param native: whether a compiler is needed; None where that cannot be known
    :param tools: ``Rust``, ``C`` and the like, sorted; empty where none is needed or known
    """

    native: bool | None
    tools: tuple[str, ...]
    backend: str


def build_needs(paths: Iterable[str], texts: Mapping[str, str], pyproject: Pyproject) -> BuildNeeds:
    """Judge by the build backend, then by the build's own requirements, then by the sources of extension modules.

    :param paths: every path in the distribution
    :param texts: the files that describe it: ``setup.py``, ``setup.cfg``, ...
    """
    facts = _facts()
    backend = pyproject.backend
    tools = set(facts["backends"].get(backend.partition(":")[0], ()))
    if tools:
        return BuildNeeds(True, tuple(sorted(tools)), backend)
    for name in _names(pyproject.build_requires):
        tools.update(facts["build_requirements"].get(name, ()))
    languages = {facts["sources"][suffix] for suffix in _suffixes(paths) if suffix in facts["sources"]}
    return BuildNeeds(*_judge(facts, backend, tools, languages, texts), backend)


def _judge(
    facts: Mapping[str, Any], backend: str, tools: set[str], languages: set[str], texts: Mapping[str, str]
) -> tuple[bool | None, tuple[str, ...]]:
    if not languages:
        # A compiler has nothing to compile: Cython among the requirements of a build without sources is for a
        # generated part, which cannot be seen from here.
        return (None if tools else False), tuple(sorted(tools))
    scripts = texts.get("setup.py", "") + texts.get("setup.cfg", "") + texts.get("build.py", "")
    declared = any(sign in scripts for sign in facts["extension_signs"]) or "ext-modules" in texts.get(
        "pyproject.toml", ""
    )
    if declared or tools:
        return True, tuple(sorted(tools | languages))
    if backend in facts["pure_backends"] or backend.startswith("setuptools"):
        return False, ()  # Sources that no build step names: test data, vendored examples.
    return None, tuple(sorted(languages))


def _names(requires: Iterable[str]) -> Iterable[str]:
    for text in requires:
        try:
            yield canonicalize_name(requirement(text).name)
        except InvalidRequirement:
            continue


def _suffixes(paths: Iterable[str]) -> set[str]:
    return {PurePosixPath(path).suffix.lower() for path in paths}


def facts_digest() -> str:
    """Of the table of facts, so that what was judged by another one is not taken for what this one says."""
    return hashlib.sha256(_table()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _facts() -> Mapping[str, Any]:
    facts: Mapping[str, Any] = json.loads(_table())
    return facts


@lru_cache(maxsize=1)
def _table() -> bytes:
    return files("pytest_deploycheck.resolution").joinpath("build_needs.json").read_bytes()
