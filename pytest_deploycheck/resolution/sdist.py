"""What a source distribution says of itself, read and never run: its dependencies, and what building it takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from pytest_deploycheck.resolution.archive import SourceTree, TooLarge, unpack
from pytest_deploycheck.resolution.build_needs import BuildNeeds, build_needs, facts_digest
from pytest_deploycheck.resolution.metadata import Metadata, parse_metadata
from pytest_deploycheck.resolution.pyproject import SETUPTOOLS, Dependencies, Project, Pyproject, read_pyproject
from pytest_deploycheck.resolution.setup_files import (
    dependencies_of_setup,
    identity_of_setup,
    python_of_setup,
    sectioned,
)

# Goes up with every change of what is read out of the same archive.
_ANALYSIS = 3


@dataclass(frozen=True)
class Sdist:
    """Facts of a source distribution.

    :param metadata: with what it requires, as far as ``dependencies_known``
    :param dependencies_known: whether some static file says what it requires; where it does not, only a build would
    :param native: whether building it needs a compiler; None where that cannot be known
    :param needs: what it needs: ``Rust``, ``C``, ``C++``, ``Fortran``, ``CMake``
    :param backend: the build backend, such as ``maturin``
    :param fixed: which of name and version every build will repeat; it may change the others
    :param repeatable: whether the next run would find the same
    """

    metadata: Metadata
    dependencies_known: bool
    native: bool | None
    needs: tuple[str, ...]
    backend: str
    fixed: tuple[str, ...] = ()
    repeatable: bool = True

    def dump(self) -> bytes:
        """The facts for the cache."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def load(cls, dumped: bytes) -> Sdist:
        """Read back what :meth:`dump` gave.

        :raises ValueError: it is something else
        """
        try:
            fields = json.loads(dumped)
            metadata = Metadata.load(json.dumps(fields.pop("metadata")).encode())
            lists = {name: tuple(fields[name]) for name in ("needs", "fixed")}
            return cls(metadata=metadata, **{**fields, **lists})
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(str(error)) from error


UNKNOWN = Sdist(Metadata("", "", "", None, (), ()), False, None, (), "")
"""What is known of a source that cannot be read here, such as a repository: nothing."""


def read_sdist(filename: str, content: bytes, subdirectory: str = "") -> Sdist:
    """Read an archive.

    :param subdirectory: where in it the project is
    :raises ValueError: it cannot be unpacked, or is none
    """
    try:
        return describe(unpack(filename, content, subdirectory))
    except TooLarge:
        return UNKNOWN


def analysis() -> str:
    """Names the way in which facts are found: those that were found in another way are no longer good."""
    # ast parses the syntax of this Python.
    return f"{_ANALYSIS} {sys.version_info[0]}.{sys.version_info[1]} {facts_digest()}"


def describe(tree: SourceTree) -> Sdist:
    """The facts of an unpacked source distribution, or of a project's folder.

    :raises ValueError: it is neither
    """
    if not {"setup.py", "pyproject.toml"} & tree.texts.keys():
        raise ValueError("it is no Python project: neither setup.py nor pyproject.toml is in it")
    metadata = _unfolded(parse_metadata(tree.texts.get("PKG-INFO", "")))
    try:
        return _described(tree, metadata, read_pyproject(tree.texts.get("pyproject.toml", "")))
    except ValueError:
        return _by_metadata_alone(metadata)
    except (MemoryError, RecursionError):
        return replace(_by_metadata_alone(metadata), repeatable=False)


def _unfolded(metadata: Metadata) -> Metadata:
    """What a build writes anew, it writes without the line ends."""
    return replace(metadata, requires_dist=tuple(" ".join(each.split("\n")) for each in metadata.requires_dist))


def _described(tree: SourceTree, metadata: Metadata, pyproject: Pyproject) -> Sdist:
    metadata, fixed = _identified(metadata, pyproject.project)
    if not fixed and pyproject.project is None and pyproject.backend.startswith(SETUPTOOLS):
        metadata, fixed = _given(tree, metadata)
    dependencies = _dependencies(tree, metadata, pyproject)
    if dependencies is not None:
        metadata = replace(metadata, requires_dist=dependencies.requires, provides_extra=dependencies.extras)
    if metadata.requires_python is None and not _is_static(metadata):
        python = python_of_setup(tree.texts.get("setup.py"), tree.texts.get("setup.cfg", ""))
        metadata = replace(metadata, requires_python=python)
    needs = build_needs(tree.paths, tree.texts, pyproject)
    return _sdist(metadata, dependencies is not None, needs, fixed)


def _by_metadata_alone(metadata: Metadata) -> Sdist:
    """Where ``pyproject.toml`` cannot be understood, and so neither what a build would do."""
    _, fixed = _identified(metadata, None)
    return _sdist(metadata, _is_static(metadata), BuildNeeds(None, (), ""), fixed)


def _sdist(metadata: Metadata, dependencies_known: bool, needs: BuildNeeds, fixed: tuple[str, ...]) -> Sdist:
    return Sdist(metadata, dependencies_known, needs.native, needs.tools, needs.backend, fixed)


def _identified(metadata: Metadata, project: Project | None) -> tuple[Metadata, tuple[str, ...]]:
    """With what the ``[project]`` table says of name and version, and which of them every build will repeat.

    A project's folder has no ``PKG-INFO``, and an old one binds nobody.
    """
    if project is not None and not _has_lasting_fields(metadata):
        fixed = tuple(name for name in ("name", "version") if getattr(project, name))
        return replace(
            metadata,
            name=project.name or metadata.name,
            version=project.version or metadata.version,
            requires_python=project.requires_python or metadata.requires_python,
        ), fixed
    fixed = tuple(name for name in ("name", "version") if getattr(metadata, name))
    return metadata, fixed if _has_lasting_fields(metadata) else ()


def _given(tree: SourceTree, metadata: Metadata) -> tuple[Metadata, tuple[str, ...]]:
    """With what ``setup.py`` gives and an old ``PKG-INFO``, if there is one, repeats: setuptools will say it again."""
    given = identity_of_setup(tree.texts.get("setup.py"), tree.texts.get("setup.cfg", ""))
    if not (metadata.name or metadata.version):
        metadata = replace(metadata, name=given.get("name", ""), version=given.get("version", ""))
    return metadata, tuple(field for field, value in given.items() if value == getattr(metadata, field))


def _dependencies(tree: SourceTree, metadata: Metadata, pyproject: Pyproject) -> Dependencies | None:
    """The first static statement of what it requires, the most binding first; None where there is none."""
    if _is_static(metadata):
        return Dependencies(metadata.requires_dist, metadata.provides_extra)
    project = pyproject.project
    stated = (project.dependencies if project else None) or _of_egg_info(tree) or _of_named_files(tree, pyproject)
    if stated is None and metadata.requires_dist:
        return Dependencies(metadata.requires_dist, metadata.provides_extra)
    return stated or dependencies_of_setup(tree.texts.get("setup.py"), tree.texts.get("setup.cfg", ""), tree.text)


def _has_lasting_fields(metadata: Metadata) -> bool:
    """PEP 643: from metadata version 2.2 on, what is not declared dynamic is what every build will say."""
    return tuple(int(part[:9]) for part in metadata.metadata_version.split(".") if part.isdecimal()) >= (2, 2)


def _is_static(metadata: Metadata) -> bool:
    return _has_lasting_fields(metadata) and not {"requires-dist", "provides-extra"} & set(metadata.dynamic)


def _of_egg_info(tree: SourceTree) -> Dependencies | None:
    """What setuptools wrote when the distribution was made; without a ``requires.txt`` there was nothing to write."""
    requires = [text for path, text in tree.texts.items() if path.endswith("/requires.txt")]
    if requires:
        return _of_requires_txt(requires[0])
    return Dependencies() if any(path.endswith("/SOURCES.txt") for path in tree.texts) else None


def _of_named_files(tree: SourceTree, pyproject: Pyproject) -> Dependencies | None:
    """What setuptools takes from files that ``pyproject.toml`` names."""
    named, project = pyproject.requirement_files, pyproject.project
    if not named or project is None or not pyproject.backend.startswith(SETUPTOOLS):
        return None
    # A file that is not there is passed over with a warning.
    texts = {extra: [tree.text(path) for path in paths if path in tree.paths] for extra, paths in named.items()}
    if any(text is None or "\\\n" in text for each in texts.values() for text in each):
        return None
    found = sectioned({extra: _uncommented("\n".join(filter(None, each))) for extra, each in texts.items()})
    return Dependencies((*project.said.requires, *found.requires), (*project.said.extras, *found.extras))


def _uncommented(text: str) -> Iterator[str]:
    for line in text.splitlines():
        requirement = line.partition(" #")[0].strip()
        if requirement and not requirement.startswith("#"):
            yield requirement


def _of_requires_txt(text: str) -> Dependencies:
    sections: dict[str, list[str]] = {}
    lines = sections.setdefault("", [])
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        else:
            lines.append(line)
    return sectioned(sections)
