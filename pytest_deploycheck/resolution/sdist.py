"""What a source distribution says of itself, read and never run: its dependencies, and what building it takes."""

from __future__ import annotations

import ast
import configparser
import io
import json
import os
import re
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pytest_deploycheck.resolution.build_needs import build_needs
from pytest_deploycheck.resolution.metadata import Metadata, parse_metadata

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# A source distribution's own files are small; what is larger is not one of them.
_LARGEST = 2_000_000  # bytes

_NOT_SOURCES = frozenset({"node_modules", "__pycache__", "build", "dist", "venv"})


@dataclass(frozen=True)
class Sdist:
    """Facts of a source distribution.

    :param metadata: with what it requires, as far as ``dependencies_known``
    :param dependencies_known: whether some static file says what it requires; where it does not, only a build would
    :param native: whether building it needs a compiler; None where that cannot be known
    :param needs: what it needs: ``Rust``, ``C``, ``C++``, ``Fortran``, ``CMake``
    :param backend: the build backend, such as ``maturin``
    """

    metadata: Metadata
    dependencies_known: bool
    native: bool | None
    needs: tuple[str, ...]
    backend: str

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
            return cls(metadata=metadata, **{**fields, "needs": tuple(fields["needs"])})
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(str(error)) from error


UNKNOWN = Sdist(Metadata("", "", "", None, (), ()), False, None, (), "")
"""What is known of a source that cannot be read here, such as a repository: nothing."""


@dataclass(frozen=True)
class SourceTree:
    """An unpacked source distribution: every path below its one folder, and the small files that describe it."""

    paths: tuple[str, ...]
    texts: Mapping[str, str]

    @classmethod
    def of_folder(cls, folder: Path) -> SourceTree:
        """A folder of this machine, which is read and never run; what git and tools keep in it is left out."""
        paths = []
        for parent, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith(".") and name not in _NOT_SOURCES]
            paths += [Path(parent, name).relative_to(folder).as_posix() for name in names]
        texts = {path: (folder / path).read_text("utf-8", errors="replace") for path in paths if _describes(path)}
        return cls(tuple(sorted(paths)), texts)


def read_sdist(filename: str, content: bytes) -> Sdist:
    """Read an archive.

    :raises ValueError: it cannot be unpacked
    """
    return describe(unpack(filename, content))


def describe(tree: SourceTree) -> Sdist:
    """The facts of an unpacked source distribution, or of a project's folder."""
    pyproject = _toml(tree.texts.get("pyproject.toml", ""))
    metadata = _identified(parse_metadata(tree.texts.get("PKG-INFO", "").encode()), pyproject)
    dependencies = _dependencies(tree, metadata, pyproject)
    if dependencies is not None:
        requires, extras = dependencies
        metadata = replace(metadata, requires_dist=requires, provides_extra=extras)
    if metadata.requires_python is None and not _is_static(metadata):
        metadata = replace(metadata, requires_python=_python_of_setup(tree))
    needs = build_needs(tree.paths, tree.texts, pyproject)
    return Sdist(metadata, dependencies is not None, needs.native, needs.tools, needs.backend)


def unpack(filename: str, content: bytes) -> SourceTree:
    """:raises ValueError: the archive cannot be unpacked"""
    members = _zip_members if filename.endswith(".zip") else _tar_members
    paths, texts = [], {}
    try:
        for path, read in members(content):
            below = path.partition("/")[2]
            if not below:
                continue
            paths.append(below)
            if _describes(below):
                texts[below] = read().decode("utf-8", errors="replace")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        raise ValueError(f"it cannot be unpacked: {error}") from error
    return SourceTree(tuple(paths), texts)


def _describes(path: str) -> bool:
    if path in ("PKG-INFO", "pyproject.toml", "setup.cfg", "setup.py", "build.py"):
        return True
    return re.fullmatch(r"(?:[^/]+/)?[^/]+\.egg-info/(?:requires\.txt|SOURCES\.txt)", path) is not None


def _tar_members(content: bytes) -> Iterator[tuple[str, Callable[[], bytes]]]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            if member.isfile():
                stream = archive.extractfile(member)
                assert stream is not None  # It is a file.
                yield member.name.removeprefix("./"), lambda stream=stream: stream.read(_LARGEST)  # type: ignore[misc]


def _zip_members(content: bytes) -> Iterator[tuple[str, Callable[[], bytes]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, lambda info=info: archive.read(info)  # type: ignore[misc]


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _identified(metadata: Metadata, pyproject: dict[str, Any]) -> Metadata:
    """A project's folder has no ``PKG-INFO``: its ``[project]`` table says what it is called."""
    project = pyproject.get("project")
    if metadata.name or not isinstance(project, dict):
        return metadata
    return replace(
        metadata,
        name=str(project.get("name", "")),
        version=str(project.get("version", "")),
        requires_python=project.get("requires-python"),
    )


_Dependencies = tuple[tuple[str, ...], tuple[str, ...]]
"""The requirement strings, and the extras in normalised spelling."""


def _dependencies(tree: SourceTree, metadata: Metadata, pyproject: dict[str, Any]) -> _Dependencies | None:
    """The first static statement of what it requires, the most binding first; None where there is none."""
    if _is_static(metadata):
        return metadata.requires_dist, metadata.provides_extra
    stated = _of_project_table(pyproject) or _of_egg_info(tree)
    if stated is None and metadata.requires_dist:
        return metadata.requires_dist, metadata.provides_extra
    return stated or _of_setup_cfg(tree) or _of_setup_py(tree)


def _is_static(metadata: Metadata) -> bool:
    """PEP 643: from metadata version 2.2 on, what is not declared dynamic is what every build will say."""
    version = tuple(int(part) for part in metadata.metadata_version.split(".") if part.isdigit())
    return version >= (2, 2) and not {"requires-dist", "provides-extra"} & set(metadata.dynamic)


def _of_project_table(pyproject: dict[str, Any]) -> _Dependencies | None:
    """PEP 621: the ``[project]`` table, where it does not leave dependencies to the build backend."""
    project = pyproject.get("project")
    if not isinstance(project, dict) or {"dependencies", "optional-dependencies"} & set(project.get("dynamic", ())):
        return None
    optional = project.get("optional-dependencies", {})
    requires = [*project.get("dependencies", ())]
    for extra, lines in optional.items():
        requires += [_with_extra(line, extra) for line in lines]
    return tuple(requires), tuple(canonicalize_name(extra) for extra in optional)


def _with_extra(line: str, extra: str) -> str:
    requirement, _, marker = line.partition(";")
    condition = f'extra == "{canonicalize_name(extra)}"'
    return f"{requirement.strip()} ; ({marker.strip()}) and {condition}" if marker else f"{requirement} ; {condition}"


def _of_egg_info(tree: SourceTree) -> _Dependencies | None:
    """What setuptools wrote when the distribution was made; without a ``requires.txt`` there was nothing to write."""
    requires = [text for path, text in tree.texts.items() if path.endswith("/requires.txt")]
    if requires:
        return _of_requires_txt(requires[0])
    return ((), ()) if any(path.endswith("/SOURCES.txt") for path in tree.texts) else None


def _of_requires_txt(text: str) -> _Dependencies:
    """Sections ``[extra:marker]``, as setuptools writes them.

    https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html#requires-txt
    """
    requires, extras, extra, marker = [], [], "", ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            if extra and canonicalize_name(extra) not in extras:
                extras.append(canonicalize_name(extra))
            continue
        conditional = f"{line} ; {marker}" if marker else line
        requires.append(_with_extra(conditional, extra) if extra else conditional)
    return tuple(requires), tuple(extras)


def _of_setup_cfg(tree: SourceTree) -> _Dependencies | None:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(tree.texts.get("setup.cfg", ""))
    except configparser.Error:
        return None
    lines = parser.get("options", "install_requires", fallback=None)
    if lines is None or lines.strip().startswith(("file:", "attr:")):
        return None
    requires = [line.strip() for line in lines.splitlines() if line.strip() and not line.strip().startswith("#")]
    extras = parser["options.extras_require"] if parser.has_section("options.extras_require") else {}
    for extra, text in extras.items():
        requires += [_with_extra(line.strip(), extra) for line in text.splitlines() if line.strip()]
    return tuple(requires), tuple(canonicalize_name(extra) for extra in extras)


def _of_setup_py(tree: SourceTree) -> _Dependencies | None:
    """``install_requires`` of the one ``setup()`` call, where it is a literal or is not given."""
    given = _setup_arguments(tree)
    if given is None:
        return None
    try:
        requires = _lines(ast.literal_eval(given["install_requires"])) if "install_requires" in given else []
        extras = ast.literal_eval(given["extras_require"]) if "extras_require" in given else {}
        for extra, value in extras.items():
            requires += [_with_extra(line, extra) for line in _lines(value)]
    except (ValueError, TypeError, AttributeError):
        return None
    return tuple(requires), tuple(canonicalize_name(extra) for extra in extras)


def _setup_arguments(tree: SourceTree) -> dict[str, ast.expr] | None:
    """What is given to the one ``setup()`` call; None where there is not one, or where a mapping is unpacked in it."""
    try:
        module = ast.parse(tree.texts.get("setup.py", ""))
    except (SyntaxError, ValueError):
        return None
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and _is_setup(node.func)]
    if len(calls) != 1 or any(keyword.arg is None for keyword in calls[0].keywords):
        return None
    return {keyword.arg: keyword.value for keyword in calls[0].keywords if keyword.arg}


def _python_of_setup(tree: SourceTree) -> str | None:
    """``python_requires`` of ``setup.py`` or ``setup.cfg``, which an old ``PKG-INFO`` does not repeat."""
    given = (_setup_arguments(tree) or {}).get("python_requires")
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return given.value
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(tree.texts.get("setup.cfg", ""))
    except configparser.Error:
        return None
    return parser.get("options", "python_requires", fallback=None)


def _is_setup(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name == "setup"


def _lines(value: object) -> list[str]:
    if isinstance(value, str):
        return [line.strip() for line in value.splitlines() if line.strip()]
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return list(value)
    raise ValueError("no literal list of requirements")
