"""The indexes as a target sees them that takes no source distribution, with the versions nearest to the lines first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from pytest_deploycheck.resolution.asked import BINARY, Preferences
from pytest_deploycheck.resolution.candidates import ProjectCandidates, is_pinned
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.page import ProjectPage
from pytest_deploycheck.resolution.repair.step import in_order
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.view import TargetView


class WheelsView(TargetView):
    """A view of the same indexes, in which there are wheels only.

    :param lines: what the user's lines say of a project, whether they are kept or not
    :param tolerated: projects whose source distributions are there too
    """

    def __init__(
        self,
        view: TargetView,
        lines: Mapping[NormalizedName, Sequence[SpecifierSet]],
        tolerated: Collection[NormalizedName] = (),
    ) -> None:
        def preferences(project: NormalizedName) -> Preferences:
            said = view.preferences(project)
            return said if project in tolerated else replace(said, formats=said.formats & {BINARY})

        super().__init__(view.indexes, view.target, preferences)
        self.unusable = view.unusable
        self._lines = lines

    def _candidates_of(self, project: NormalizedName, page: ProjectPage) -> ProjectCandidates:
        if project not in self._lines:
            return super()._candidates_of(project, page)
        return NearestCandidates(page, self.target, self.preferences(project), self._lines[project])


class NearestCandidates(ProjectCandidates):
    """Candidates of a project for which there are lines.

    Where such a line is left out, the version nearest to it comes first, and what it did not allow is no pre-release.

    :param lines: what each of them says
    """

    def __init__(
        self, page: ProjectPage, target: Target, preferences: Preferences, lines: Sequence[SpecifierSet]
    ) -> None:
        super().__init__(page, target, preferences)
        self._lines = [line for line in lines if line]
        self._ordered: dict[tuple[str, frozenset[str]], list[tuple[Version, list[File]]]] = {}

    def select(
        self, specifier: SpecifierSet, hashes: frozenset[str] = frozenset()
    ) -> Iterator[tuple[Version, list[File]]]:
        """As :meth:`ProjectCandidates.select`, in another order."""
        if not self._lines or is_pinned(specifier) or any(set(line) <= set(specifier) for line in self._lines):
            yield from super().select(specifier, hashes)
            return
        key = (str(specifier), hashes)
        if key not in self._ordered:
            found = {version: files for version, files in super().select(specifier, hashes) if self._is_wanted(version)}
            self._ordered[key] = [(version, found[version]) for version in in_order(list(found), self._lines[0])]
        yield from self._ordered[key]

    def _is_wanted(self, version: Version) -> bool:
        return not version.is_prerelease or any(line.contains(version, prereleases=True) for line in self._lines)
