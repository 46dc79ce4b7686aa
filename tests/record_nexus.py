#!/usr/bin/env python3
"""Record what the index says today about the projects that the Nexus example may touch.

    python tests/record_nexus.py --date 2026-11-23 --python python3.12 --python python3.13

Writes ``tests/recorded/nexus``: the pages (every version; sdists, and wheels for Linux on x86_64 and one for macOS),
the metadata of the versions a resolution may look at, and what pip itself picked. pip is run with the interpreters
named, each in a fresh virtual environment, on the index that pip is configured with. It builds the metadata of sdists,
which runs their code: use a throw-away machine.

Which versions' metadata? What pip picked; of the projects in ``STEPPED`` every version from the oldest pin upwards,
since the first version with a wheel is looked for there; and for every requirement found in any of those the newest
version that it allows. Then pip runs on the recording itself, and what it missed there is added, until nothing is
missing.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.parser import HeaderParser
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin

import requests
from packaging.markers import default_environment
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

sys.path.insert(0, str(Path(__file__).parent))

from index_server.recording import RECORDED, RecordedFile, RecordedProject, RecordedSdist, served, version_of

EXAMPLES = Path(__file__).parents[1] / "examples" / "nexus"
FOLDER = RECORDED / "nexus"

# The projects of which every version from this one upwards may be tried, in search of the first with a wheel.
STEPPED = {
    "aiogram": "3.4.1",
    "aiohttp": "3.9.3",
    "orjson": "3.9.14",
    "pydantic": "2.5.3",
    "pydantic-core": "2.14.6",
}

# The sdists that the two examples pick on one of the targets.
SDISTS = {
    "aiohttp": ["3.9.3", "3.11.10"],
    "orjson": ["3.9.14", "3.10.12"],
    "pydantic-core": ["2.14.6", "2.23.4"],
}

# Besides the examples themselves: what they become when somebody follows a fix. An empty version drops the pin's line.
VARIANTS = {
    "before": {},
    "after": {},
    "before repaired": {"aiogram": "3.11.0", "aiohttp": "3.10.5", "orjson": "3.10.7", "pydantic": "2.8.0"},
    "after without aiohttp": {"aiohttp": ""},
}

TARGETS = ("3.11", "3.12", "3.13", "3.14")

HEADERS = ("Metadata-Version", "Name", "Version", "Requires-Python", "Dynamic", "Provides-Extra", "Requires-Dist")
PLATFORMS = re.compile(r"any|(linux|manylinux\w*|musllinux\w*)_x86_64")
# Interpreters that no target has.
FOREIGN = re.compile(r"pp\d+|graalpy\w+|cp2\d|cp3[0-6]|cp3[0-6]m")
SDIST_TEXTS = re.compile(r"pyproject\.toml|setup\.cfg|setup\.py|PKG-INFO|[^/]+\.egg-info/requires\.txt")
# Of a setup.py only this counts here: whether it declares extension modules. It is recorded as a script that does.
DECLARES_EXTENSIONS = "from setuptools import setup\n\nsetup(ext_modules=[])\n"
DECLARES_NONE = "from setuptools import setup\n\nsetup()\n"


class Source:
    """The index that is recorded."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/") + "/"
        self._session = requests.Session()
        self._session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=32, max_retries=3))
        self._session.verify = os.environ.get("PIP_CERT") or True
        self._urls: dict[str, str] = {}

    def page(self, name: str) -> RecordedProject:
        """A project's page, trimmed."""
        accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
        answer = self._session.get(f"{self.url}{name}/", headers=accept, timeout=60)
        answer.raise_for_status()
        entries = list(trimmed(answer.json()["files"]))
        self._urls |= {entry["filename"]: urljoin(answer.url, entry["url"]) for entry in entries}
        files = [RecordedFile(e["filename"], e.get("requires-python"), _yanked(e)) for e in entries]
        return RecordedProject(name, files)

    def metadata(self, filename: str) -> str:
        """A wheel's METADATA or a sdist's PKG-INFO."""
        if filename.endswith(".whl"):
            return self._wheel_metadata(self._urls[filename])
        with self.sdist(filename) as archive:
            return _text(archive, next(each for each in archive.getmembers() if _below_top(each) == "PKG-INFO"))

    def sdist(self, filename: str) -> tarfile.TarFile:
        return tarfile.open(fileobj=io.BytesIO(self._get(self._urls[filename]).content))

    def _wheel_metadata(self, url: str) -> str:
        """By its ``.metadata`` file, by the tail of the wheel, or by all of it."""
        beside = self._session.get(url + ".metadata", timeout=60)
        if beside.status_code == 200:
            return beside.text
        tail = self._get(url, {"Range": "bytes=-65536"}).content
        try:
            return _metadata_member(tail)
        except (zipfile.BadZipFile, StopIteration, ValueError, OSError):
            return _metadata_member(self._get(url).content)

    def _get(self, url: str, headers: dict[str, str] | None = None) -> requests.Response:
        answer = self._session.get(url, headers=headers, timeout=120)
        answer.raise_for_status()
        return answer


def _metadata_member(content: bytes) -> str:
    """zipfile reads a tail as if it were a whole archive with something cut off in front."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return archive.read(name).decode()


def _yanked(entry: dict[str, Any]) -> str | None:
    yanked = entry.get("yanked", False)
    return None if yanked is False else "" if yanked is True else str(yanked)


def trimmed(entries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All sdists, the wheels that a target might take, and of each version the first for another platform."""
    others: set[str] = set()
    for entry in entries:
        name: str = entry["filename"]
        if not name.endswith(".whl"):
            if name.endswith((".tar.gz", ".zip", ".tar.bz2")):
                yield entry
            continue
        stem, python, _, platform = name.removesuffix(".whl").rsplit("-", 3)
        if all(FOREIGN.fullmatch(each) for each in python.split(".")):
            continue
        if any(PLATFORMS.fullmatch(each) for each in platform.split(".")):
            yield entry
        elif platform.startswith("macosx") and platform.endswith("arm64") and stem not in others:
            others.add(stem)
            yield entry


class Recorder:
    """What has been recorded so far."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.projects: dict[str, RecordedProject] = {}
        self._seen: set[tuple[str, str, frozenset[str]]] = set()
        self._pool = ThreadPoolExecutor(16)

    def project(self, name: str) -> RecordedProject:
        if name not in self.projects:
            self.projects[name] = self.source.page(name)
        return self.projects[name]

    def record(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Add the metadata of these projects' versions."""
        missing = [(n, v) for n, v in dict.fromkeys(wanted) if v not in self.project(n).metadata]
        for (name, version), lines in zip(missing, self._pool.map(self._lines, missing), strict=True):
            self.projects[name].metadata[version] = lines

    def record_filenames(self, filenames: Iterable[str]) -> None:
        """Add the metadata of what stands in these files."""
        wanted = []
        for filename in filenames:
            name = next(n for n, p in self.projects.items() if any(f.filename == filename for f in p.files))
            wanted.append((name, version_of(name, filename)))
        self.record(wanted)

    def follow(self, requirements: Iterable[Requirement]) -> None:
        """Add the newest version that each requirement allows, and go on with what that requires."""
        pending = list(requirements)
        while pending:
            steps = [step for each in pending if (step := self._step(each)) not in self._seen and step[1]]
            self._seen.update(steps)
            self.record((name, version) for name, version, _ in steps)
            pending = [each for name, version, extras in steps for each in self._required(name, version, extras)]

    def follow_recorded(self) -> None:
        """Add what the versions recorded so far require."""
        for name, project in list(self.projects.items()):
            for version in list(project.metadata):
                self.follow(self._required(name, version, frozenset()))

    def record_sdists(self) -> None:
        for name, versions in SDISTS.items():
            project = self.project(name)
            for file in project.files:
                if file.filename.endswith(".tar.gz") and version_of(name, file.filename) in versions:
                    project.sdists[file.filename] = self._sdist(file.filename)

    def step_versions(self) -> list[tuple[str, str]]:
        """Every final version of the stepped projects from their pins on."""
        return [
            (name, version)
            for name, oldest in STEPPED.items()
            for version in self._versions(name)
            if Version(version) >= Version(oldest)
        ]

    def _step(self, requirement: Requirement) -> tuple[str, str, frozenset[str]]:
        name = canonicalize_name(requirement.name)
        allowed = [v for v in self._versions(name) if Version(v) in requirement.specifier]
        return name, max(allowed, key=Version, default=""), frozenset(requirement.extras)

    def _versions(self, name: str) -> list[str]:
        """Final versions that are not yanked and run on one of the targets."""
        versions = {version_of(name, f.filename) for f in self.project(name).files if f.yanked is None and _runs(f)}
        return [version for version in versions if _is_final(version)]

    def _required(self, name: str, version: str, extras: frozenset[str]) -> Iterator[Requirement]:
        raw, _ = parse_email("\n".join(self.projects[name].metadata[version]) + "\n")
        for line in raw.get("requires_dist", []):
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            if _applies(requirement, extras):
                yield requirement

    def _lines(self, wanted: tuple[str, str]) -> list[str]:
        name, version = wanted
        files = [f for f in self.projects[name].files if version_of(name, f.filename) == version]
        # Any wheel, since they all say the same; a sdist only where there is no wheel.
        file = next((f for f in files if f.filename.endswith(".whl")), files[0])
        return header_lines(self.source.metadata(file.filename))

    def _sdist(self, filename: str) -> RecordedSdist:
        with self.source.sdist(filename) as archive:
            members = [each for each in archive.getmembers() if each.isfile() and _below_top(each)]
            texts = {_below_top(m): _text(archive, m) for m in members if SDIST_TEXTS.fullmatch(_below_top(m))}
        if "PKG-INFO" in texts:
            texts["PKG-INFO"] = "\n".join(header_lines(texts["PKG-INFO"])) + "\n"
        if "setup.py" in texts:
            texts["setup.py"] = DECLARES_EXTENSIONS if "ext_modules" in texts["setup.py"] else DECLARES_NONE
        return RecordedSdist(texts, tuple(_thinned(_below_top(m) for m in members if _below_top(m) not in texts)))


def header_lines(text: str) -> list[str]:
    """The headers that count, each on one line."""
    message = HeaderParser().parsestr(text)
    return [
        f"{header}: {' '.join(str(value).split())}" for header in HEADERS for value in (message.get_all(header) or [])
    ]


def _thinned(members: Iterable[str]) -> Iterator[str]:
    """One name of each kind in each of the upper folders: vendored sources run into thousands."""
    seen: set[tuple[object, ...]] = set()
    for member in members:
        path = PurePosixPath(member)
        key = (*path.parent.parts[:2], path.suffix) if len(path.parts) > 1 else (member,)
        if key not in seen:
            seen.add(key)
            yield member


def _below_top(member: tarfile.TarInfo) -> str:
    return member.name.partition("/")[2]


def _text(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    stream = archive.extractfile(member)
    assert stream is not None, member.name
    return stream.read().decode(errors="replace")


def _is_final(version: str) -> bool:
    try:
        return not Version(version).is_prerelease
    except InvalidVersion:
        return False


def _runs(file: RecordedFile) -> bool:
    return any(_allows(file.requires_python or "", python) for python in TARGETS)


@cache
def _allows(specifier: str, python: str) -> bool:
    try:
        return f"{python}.1" in SpecifierSet(specifier)
    except InvalidSpecifier:
        return True


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    """Whether it counts on Linux with one of the targets' Pythons."""
    if requirement.marker is None:
        return True
    linux = default_environment() | {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"}
    return any(
        requirement.marker.evaluate({**linux, "python_version": t, "python_full_version": f"{t}.1", "extra": extra})
        for t in TARGETS
        for extra in ("", *extras)
    )


class Pip:
    """A current pip on one interpreter."""

    def __init__(self, python: str, folder: Path) -> None:
        subprocess.run([python, "-m", "venv", folder], check=True)
        self._python = folder / "bin" / "python"
        subprocess.run([self._python, "-m", "pip", "install", "-q", "-U", "pip"], check=True)
        self.version = self._says("-m", "pip", "--version").split()[1]
        self.target = self._says("-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()

    def run(self, requirements: Path, index: str) -> dict[str, Any]:
        """What it would install: ``{"outcome", "picked", "message"}``."""
        report = requirements.with_suffix(".json")
        report.unlink(missing_ok=True)
        options = ["--dry-run", "--ignore-installed", "--quiet", "--no-cache-dir", "--report", report]
        command = [self._python, "-m", "pip", "install", *options, "--index-url", index, "-r", requirements.name]
        silent = {"PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "PIP_NO_INPUT": "1"}
        done = subprocess.run(
            command, cwd=requirements.parent, env={**os.environ, **silent}, capture_output=True, text=True
        )
        if done.returncode:
            return {"outcome": _outcome(done.stderr), "picked": {}, "message": _first_error(done.stderr)}
        install = json.loads(report.read_text())["install"]
        picked = {canonicalize_name(e["metadata"]["name"]): _filename(e["download_info"]["url"]) for e in install}
        return {"outcome": "ok", "picked": dict(sorted(picked.items())), "message": ""}

    def _says(self, *arguments: str) -> str:
        return subprocess.run([self._python, *arguments], check=True, capture_output=True, text=True).stdout


def _filename(url: str) -> str:
    return url.partition("#")[0].rpartition("/")[2]


def _outcome(stderr: str) -> str:
    signs = {"ResolutionImpossible": "conflict", "No matching distribution": "no-match"}
    return next((outcome for sign, outcome in signs.items() if sign in stderr), "build-failure")


def _first_error(stderr: str) -> str:
    return next((line.strip() for line in stderr.splitlines() if "ERROR" in line or "error:" in line), "")


def variant(name: str, pins: dict[str, str], folder: Path) -> Path:
    """A copy of an example's requirements with some pins changed."""
    lines = []
    for line in (EXAMPLES / name.split()[0] / "requirements.txt").read_text().splitlines():
        project = re.split(r"[=\[]", line)[0]
        if pins.get(project, line):
            lines.append(f"{project}=={pins[project]}" if project in pins else line)
    path = folder / f"{name.replace(' ', '-')}.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def configured_index() -> str:
    """The index that pip is configured with."""
    if url := os.environ.get("PIP_INDEX_URL"):
        return url
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or "https://pypi.org/simple"


def record(pips: list[Pip], index: str, folder: Path) -> tuple[Recorder, dict[str, Any]]:
    """The recording, and pip's runs on the real index."""
    files = {name: variant(name, pins, folder) for name, pins in VARIANTS.items()}
    runs = {f"{name} on {pip.target}": pip.run(path, index) for name, path in files.items() for pip in pips}
    recorder = Recorder(Source(index))
    recorder.record((n, version_of(n, f)) for run in runs.values() for n, f in run["picked"].items())
    recorder.follow(Requirement(line) for path in files.values() for line in path.read_text().splitlines())
    recorder.record(recorder.step_versions())
    recorder.follow_recorded()
    recorder.record_sdists()
    for name, path in files.items():
        for pip in pips:
            if runs[f"{name} on {pip.target}"]["outcome"] != "build-failure":
                complete(recorder, pip, path, runs[f"{name} on {pip.target}"])
    return recorder, runs


def complete(recorder: Recorder, pip: Pip, requirements: Path, expected: dict[str, Any]) -> None:
    """Run pip on the recording, and add what it misses there, until it picks what it picked on the index."""
    while True:
        with served(list(recorder.projects.values())) as index:
            run, missing = pip.run(requirements, index.url), index.missing
            unknown = [r.path for r in index.requests if r.status == 404 and r.path.startswith("/simple/")]
        if not missing and not unknown:
            break
        print(f"{requirements.name} on {pip.target}: adding {missing + unknown}")
        for path in unknown:
            recorder.project(path.split("/")[2])
        recorder.record_filenames(missing)
    same = run["outcome"] == expected["outcome"] and run["picked"] == expected["picked"]
    print(f"{requirements.name} on {pip.target}: {run['outcome']}, {len(run['picked'])} picked, same: {same}")
    if not same:
        sys.exit("pip picks something else from the recording")


def main() -> None:
    """Record, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--date", required=True, help="the day of the recording, which it is labelled with")
    parser.add_argument("--python", action="append", required=True, help="an interpreter for pip; repeatable")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        pips = [Pip(python, Path(scratch, f"venv{i}")) for i, python in enumerate(arguments.python)]
        recorder, runs = record(pips, configured_index(), Path(scratch))
    projects = FOLDER / "projects"
    projects.mkdir(parents=True, exist_ok=True)
    for old in projects.glob("*.json"):
        old.unlink()
    for name, project in sorted(recorder.projects.items()):
        (projects / f"{name}.json").write_text(project.dump(), encoding="utf-8")
    label = {"date": arguments.date, "pip": pips[0].version, "runs": runs}
    (FOLDER / "pip.json").write_text(json.dumps(label, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
