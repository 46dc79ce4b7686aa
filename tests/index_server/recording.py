"""Recordings of a real index: one readable JSON text a project below ``tests/recorded``.

Names, tags, ``Requires-Python``, yanks and metadata are the real ones; the archives are stand-ins of a few hundred
bytes, built out of them. ``tests/record_nexus.py`` writes what is read here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name, canonicalize_version
from packaging.version import InvalidVersion, Version

from index_server.distributions import Distribution, sdist_content, wheel_content
from index_server.server import Index
from index_server.site import Project
from index_server.switches import Switches

RECORDED = Path(__file__).parents[1] / "recorded"

_SDIST = re.compile(r"(.+)(\.tar\.gz|\.zip|\.tar\.bz2|\.tar\.xz|\.tgz|\.tar)$")


@dataclass(frozen=True)
class RecordedFile:
    """One file of a project's page."""

    filename: str
    requires_python: str | None
    yanked: str | None


@dataclass(frozen=True)
class RecordedSdist:
    """What the resolution may read of a sdist.

    :param files: text by path below the top folder
    :param members: other member names, of which only the existence counts
    """

    files: Mapping[str, str]
    members: tuple[str, ...]


@dataclass
class RecordedProject:
    """A page, and the metadata of the versions that a resolution may touch.

    :param metadata: header lines by canonical version, the same for all wheels of that version
    :param sdists: by file name
    """

    name: str
    files: list[RecordedFile]
    metadata: dict[str, list[str]] = field(default_factory=dict)
    sdists: dict[str, RecordedSdist] = field(default_factory=dict)

    def dump(self) -> str:
        """JSON with one line for each version's files, so that differences between two recordings are readable."""
        parts = {
            "files": _lines(json.dumps(row) for row in _rows(self.files)),
            "metadata": _keyed({version: self.metadata[version] for version in sorted(self.metadata, key=_order)}),
            "sdists": _keyed({k: {"files": v.files, "members": v.members} for k, v in sorted(self.sdists.items())}),
        }
        return f'{{"name": {json.dumps(self.name)},\n' + ",\n".join(f'"{k}": {v}' for k, v in parts.items()) + "}\n"

    @classmethod
    def load(cls, text: str) -> RecordedProject:
        content: dict[str, Any] = json.loads(text)
        sdists = {k: RecordedSdist(v["files"], tuple(v["members"])) for k, v in content["sdists"].items()}
        files = [file for row in content["files"] for file in _unfolded(row)]
        return cls(content["name"], files, content["metadata"], sdists)

    def metadata_text(self, version: str) -> str | None:
        lines = self.metadata.get(version)
        return None if lines is None else "\n".join(lines) + "\n"

    def sdist_like(self, filename: str, version: str) -> RecordedSdist | None:
        """The sdist as recorded; else its version's metadata in the shape of the nearest recorded sdist before it."""
        if filename in self.sdists or version not in self.metadata:
            return self.sdists.get(filename)
        known = sorted((_order(version_of(self.name, each)), each) for each in self.sdists)
        before = [each for order, each in known if order <= _order(version)] or [each for _, each in known]
        shape = self.sdists[before[-1]] if before else RecordedSdist({}, ())
        kept = {path: text for path, text in shape.files.items() if path in ("pyproject.toml", "setup.py")}
        return RecordedSdist({**kept, "PKG-INFO": self.metadata_text(version) or ""}, shape.members)


def recorded(name: str, switches: Switches | None = None) -> Index:
    """Serve ``tests/recorded/<name>``: a page for each project recorded, 404 for every other.

    :raises ValueError: nothing is recorded under that name
    """
    folder = RECORDED / name / "projects"
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))]
    if not texts:
        raise ValueError(f"nothing is recorded in {folder}")
    return served([RecordedProject.load(text) for text in texts], switches)


def served(projects: list[RecordedProject], switches: Switches | None = None) -> Index:
    """An index of recorded projects."""
    index = Index(switches)
    for project in projects:
        index.site.add_project(Project(project.name, [_distribution(project, file) for file in project.files]))
    return index


def recorded_runs(name: str) -> dict[str, Any]:
    """What pip itself picked on the day of the recording: ``{"before on 3.12": {"outcome", "picked", "message"}}``."""
    content = json.loads((RECORDED / name / "pip.json").read_text(encoding="utf-8"))
    runs: dict[str, Any] = content["runs"]
    return runs


def version_of(project: str, filename: str) -> str:
    """The canonical version in a file name."""
    if filename.endswith(".whl"):
        return canonicalize_version(filename.split("-")[1])
    found = _SDIST.fullmatch(filename)
    stem = found[1] if found else filename
    for position, letter in enumerate(stem):
        if letter == "-" and canonicalize_name(stem[:position]) == project:
            return canonicalize_version(stem[position + 1 :])
    return canonicalize_version(stem.rpartition("-")[2])


def _distribution(project: RecordedProject, file: RecordedFile) -> Distribution:
    version = version_of(project.name, file.filename)
    make = _wheel if file.filename.endswith(".whl") else _sdist
    return make(project, file, version)


def _wheel(project: RecordedProject, file: RecordedFile, version: str) -> Distribution:
    stem, tags = _split(file.filename)
    text = project.metadata_text(version)
    folder = "-".join(stem.split("-")[:2])
    return Distribution(
        project.name,
        file.filename,
        text,
        lambda: wheel_content(folder, text or "", tags, {}, 0),
        file.requires_python,
        file.yanked,
    )


def _sdist(project: RecordedProject, file: RecordedFile, version: str) -> Distribution:
    shape = project.sdist_like(file.filename, version)
    files = {} if shape is None else dict.fromkeys(shape.members, "") | dict(shape.files)
    return Distribution(
        project.name,
        file.filename,
        None if shape is None else files.get("PKG-INFO", ""),
        lambda: sdist_content(file.filename, files, 0),
        file.requires_python,
        file.yanked,
    )


def _rows(files: list[RecordedFile]) -> Iterator[list[str | None]]:
    """Files folded: ``[stem, requires-python, yanked, ".tar.gz" | "platform python-abi python-abi ...", ...]``."""
    rows: dict[tuple[str, str | None, str | None], dict[str, list[str]]] = {}
    for file in files:
        stem, rest = _split(file.filename)
        tags = rows.setdefault((stem, file.requires_python, file.yanked), {})
        if rest.startswith("."):
            tags[rest] = []
        else:
            python, abi, platform = rest.split("-")
            tags.setdefault(platform, []).append(f"{python}-{abi}")
    for (stem, requires_python, yanked), tags in rows.items():
        yield [stem, requires_python, yanked, *(" ".join([key, *each]) for key, each in tags.items())]


def _unfolded(row: list[Any]) -> Iterator[RecordedFile]:
    stem, requires_python, yanked, *entries = row
    for entry in entries:
        first, *tags = entry.split(" ")
        names = [f"{stem}-{tag}-{first}.whl" for tag in tags] if tags else [stem + first]
        for name in names:
            yield RecordedFile(name, requires_python, yanked)


def _split(filename: str) -> tuple[str, str]:
    """The stem, and ``python-abi-platform`` of a wheel or the extension of a sdist."""
    if filename.endswith(".whl"):
        stem, *tags = filename.removesuffix(".whl").rsplit("-", 3)
        return stem, "-".join(tags)
    found = _SDIST.fullmatch(filename)
    assert found is not None, filename
    return found[1], found[2]


def _order(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0")


def _keyed(entries: Mapping[str, Any]) -> str:
    body = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items())
    return "{\n" + body + "\n}" if entries else "{}"


def _lines(entries: Iterator[str]) -> str:
    return "[\n" + ",\n".join(f" {entry}" for entry in entries) + "\n]"
