"""Which file of a version uv and Poetry take on a target.

uv: the wheel with the most wanted tags, among those the greatest build number, else the source distribution
(https://docs.astral.sh/uv/concepts/resolution/). Poetry: the same, but the build number counts more than the tags
(``Chooser._sort_key`` of Poetry 2.5). Neither looks at what the index says of yanked files or of ``Requires-Python``:
that was settled when the lock was made.
"""

from __future__ import annotations

from packaging.version import Version

from pytest_deploycheck.resolution.asked import Preferences
from pytest_deploycheck.resolution.candidates import Compatible, ProjectCandidates
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.locked.lock import POETRY, Locked, Package
from pytest_deploycheck.resolution.page import FoundFiles
from pytest_deploycheck.resolution.target import Target


def chosen(package: Package, locked: Locked, target: Target) -> File | None:
    """The file of an index that is taken; None where there is none for the target."""
    # The lock groups them itself: however a file's name spells the version, it is this one.
    page = FoundFiles(package.name, {package.version: list(package.files)})
    candidates = ProjectCandidates(page, target, Preferences(locked.formats.of(package.name)))
    compatible = candidates.compatible(Version(package.version))
    if locked.lock.tool == POETRY:
        compatible = sorted(compatible, key=_as_poetry, reverse=True)
    return compatible[0].file if compatible else None


def _as_poetry(each: Compatible) -> tuple[object, ...]:
    tags, build, position = each.rank
    return each.file.is_wheel, build, tags, position
