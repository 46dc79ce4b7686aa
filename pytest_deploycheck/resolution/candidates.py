"""The files of one project that pip would consider on a target, in the order in which pip would try them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pytest_deploycheck.resolution.asked import BINARY, SOURCE, Preferences
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.page import ProjectPage
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.versions import Remembered, Versions

# pip's (``LinkEvaluator._py_version_re``).
_FOR_ONE_PYTHON = re.compile(r"-py([123]\.?[0-9]?)$")


@dataclass(frozen=True)
class Compatible:
    """A file that the target accepts, and its place among the files of its version: the greater, the more wanted."""

    version: Version
    file: File
    rank: tuple[int, tuple[int, str] | tuple[()], int]


class ProjectCandidates:
    """The candidates of one project on one target.

    Versions are looked at one by one, newest first: mostly the first answers.
    """

    def __init__(self, page: ProjectPage, target: Target, preferences: Preferences) -> None:
        self.page = page
        self._target = target
        self._preferences = preferences
        self._compatible: dict[Version, list[Compatible]] = {}
        self._pools: dict[str, list[Remembered[Version]]] = {}

    @cached_property
    def versions(self) -> Versions:
        """All versions of which there is a file, for whatever machine."""
        python = self._target.python
        return Versions(self.page.versions, lambda text: _version(text, python))

    def names(self, version: Version) -> list[str]:
        """The names of all files of a version, for whatever machine they are."""
        return [name for text in self.versions.spellings(version) for name in self.page.names(text)]

    def files(self, version: Version) -> Iterator[File]:
        """The files of a version, those for other machines left out."""
        return (file for text in self.versions.spellings(version) for file in self.page.files(text))

    def select(
        self, specifier: SpecifierSet, hashes: frozenset[str] = frozenset()
    ) -> Iterator[tuple[Version, list[File]]]:
        """For each version that pip would try, in its order: the files of that version, the most wanted first.

        Follows pip's ``CandidateEvaluator`` and ``Factory._iter_found_candidates``: yanked files only where a pin
        (``==``, ``===``) finds nothing else (PEP 592), pre-releases only where nothing final fits (PEP 440).

        :param hashes: ``sha256=...``: those that the lines allow, empty where they say nothing
        """
        applicable = self._applicable(specifier)
        if hashes or self._preferences.prefer_binary:
            applicable = self._reordered(list(applicable), hashes)
        yanked: list[tuple[Version, list[File]]] = []
        any_left = False
        for version, compatible in applicable:
            left = [each.file for each in compatible if each.file.yanked is None]
            if left:
                any_left = True
                yield version, left
            else:
                yanked.append((version, [each.file for each in compatible]))
        if not any_left and is_pinned(specifier):
            yield from yanked

    def compatible(self, version: Version) -> list[Compatible]:
        """The files of one version that the target accepts, yanked or not, the most wanted first."""
        if version not in self._compatible:
            found = (self._assess(version, file) for file in self.files(version))
            self._compatible[version] = sorted(filter(None, found), key=lambda each: each.rank, reverse=True)
        return self._compatible[version]

    def _applicable(self, specifier: SpecifierSet) -> Iterator[tuple[Version, list[Compatible]]]:
        text = str(specifier)
        if text not in self._pools:  # Asked again and again where versions are rejected one by one.
            pools = _pools(self.versions, specifier, self._preferences.prereleases)
            self._pools[text] = [Remembered(pool) for pool in pools]
        for versions in self._pools[text]:
            found = False
            for version in versions:
                if compatible := self.compatible(version):
                    found = True
                    yield version, compatible
            if found:
                return

    def _reordered(
        self, applicable: list[tuple[Version, list[Compatible]]], hashes: frozenset[str]
    ) -> Iterator[tuple[Version, list[Compatible]]]:
        """The order where hashes are demanded or wheels preferred: no longer simply by version."""
        flat = [each for _, compatible in applicable for each in compatible]
        if any(not hashes.isdisjoint(each.file.hashes) for each in flat):
            flat = [each for each in flat if not each.file.hashes or not hashes.isdisjoint(each.file.hashes)]

        def wanted(each: Compatible) -> tuple[object, ...]:
            allowed = not hashes.isdisjoint(each.file.hashes)
            binary = self._preferences.prefer_binary and each.file.is_wheel
            return allowed, each.file.yanked is None, binary, each.version, each.rank

        versions: dict[Version, list[Compatible]] = {}
        for each in sorted(flat, key=wanted, reverse=True):
            versions.setdefault(each.version, []).append(each)
        yield from versions.items()

    def _assess(self, version: Version, file: File) -> Compatible | None:
        allowed = self._preferences.formats
        if not self._accepts_python(file.requires_python):
            return None
        if not file.is_wheel:
            if SOURCE not in allowed or ("macosx10" in file.url and file.filename.endswith(".zip")):
                return None
            return Compatible(version, file, (-len(self._target.tags), (), file.position))
        if BINARY not in allowed:
            return None
        try:
            _, _, build, tags = parse_wheel_filename(file.filename)
        except (InvalidWheelFilename, InvalidVersion):
            return None
        ranks = [rank for tag in tags if (rank := self._target.tag_rank.get(tag)) is not None]
        return Compatible(version, file, (-min(ranks), build, file.position)) if ranks else None

    def _accepts_python(self, requires_python: str | None) -> bool:
        specifier = python_specifier(requires_python)
        return specifier is None or specifier.contains(self._target.python_version, prereleases=True)


def _pools(versions: Versions, specifier: SpecifierSet, prereleases: bool | None) -> Iterator[Iterator[Version]]:
    """The versions to look for; the next pool only if the one before had nothing that the target accepts."""
    if prereleases is None:
        prereleases = specifier.prereleases or None
    if prereleases:
        yield _allowed(versions, specifier)
        return
    yield (version for version in _allowed(versions, specifier) if not version.is_prerelease)
    if prereleases is None:
        yield (version for version in _allowed(versions, specifier) if version.is_prerelease)


def _allowed(versions: Versions, specifier: SpecifierSet) -> Iterator[Version]:
    pin = next((each.version for each in specifier if is_exact(each)), None)
    groups = versions.groups() if pin is None else iter([versions.like(Version(pin))])
    for group in groups:
        yield from specifier.filter(group, prereleases=True)


def _version(text: str, python: str) -> Version | None:
    # A suffix such as -py3.9 (of bdist_dumb) names the one Python that the archive is for. pip knows no Python with
    # two digits there: such a name has an invalid version for it.
    if match := _FOR_ONE_PYTHON.search(text):
        if match[1] != ".".join(python.split(".")[:2]):
            return None
        text = text[: match.start()]
    try:
        return Version(text)
    except InvalidVersion:
        return None


_PYTHON_SPECIFIERS: dict[str, SpecifierSet | None] = {}


def python_specifier(requires_python: str | None) -> SpecifierSet | None:
    """``Requires-Python``, parsed once; None where there is none or, as pip has it, where it cannot be parsed."""
    if not requires_python:
        return None
    if requires_python not in _PYTHON_SPECIFIERS:
        try:
            _PYTHON_SPECIFIERS[requires_python] = SpecifierSet(requires_python)
        except InvalidSpecifier:
            _PYTHON_SPECIFIERS[requires_python] = None
    return _PYTHON_SPECIFIERS[requires_python]


def is_pinned(specifier: SpecifierSet) -> bool:
    """Whether one of the specifiers allows one version only: what lets pip take a yanked file."""
    return any(each.operator == "===" or is_exact(each) for each in specifier)


def is_exact(specifier: Specifier) -> bool:
    """Whether it is ``==`` with a version, and not with ``.*``."""
    return specifier.operator == "==" and not specifier.version.endswith(".*")
