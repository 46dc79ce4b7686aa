"""How far a version is from the one that a line asks for now, and which of two changes is the smaller one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pytest_deploycheck.resolution.candidates import is_exact

NONE, PATCH, MINOR, MAJOR = range(4)


class Step(NamedTuple):
    """From the version that a line asks for to another one.

    :param is_downgrade: to an older one, which the line does not allow now
    :param level: ``NONE`` where the line allows it already, else ``PATCH``, ``MINOR`` or ``MAJOR``
    :param distance: how many nearer versions there are
    """

    is_downgrade: bool
    level: int
    distance: int


Cost: TypeAlias = tuple[int, tuple[int, ...], int]
"""Of two changes of as many lines, the smaller cost is the smaller change: no downgrade rather than one, then the
fewest majors, then the fewest minors, then the nearest versions."""


def cost(steps: Iterable[Step]) -> Cost:
    """What several steps together cost."""
    steps = list(steps)
    levels = tuple(sorted((step.level for step in steps), reverse=True))
    return sum(step.is_downgrade for step in steps), levels, sum(step.distance for step in steps)


def pin_of(specifier: SpecifierSet) -> Version | None:
    """The one version that a line allows, None where it allows several."""
    return next((Version(each.version) for each in specifier if is_exact(each)), None)


def in_order(versions: Sequence[Version], specifier: SpecifierSet) -> list[Version]:
    """The versions, the smallest step first: those that the line allows, then the newer ones upwards, then the older.

    :param versions: newest first
    """
    allowed = [each for each in versions if specifier.contains(each, prereleases=True)]
    edge = pin_of(specifier) or (allowed[0] if allowed else upper_edge(specifier))
    others = [each for each in versions if not specifier.contains(each, prereleases=True)]
    above = [each for each in reversed(others) if edge is None or each > edge]
    return [*allowed, *above, *(each for each in others if edge is not None and each <= edge)]


def step(version: Version, ordered: Sequence[Version], specifier: SpecifierSet, newest: Version | None) -> Step:
    """
    :param ordered: as by :func:`in_order`
    :param newest: the newest version that the line allows, of whatever files; None where there is none
    """
    if specifier.contains(version, prereleases=True):
        return Step(False, NONE, ordered.index(version))
    edge = pin_of(specifier) or newest or upper_edge(specifier)
    if edge is None:
        return Step(False, NONE, ordered.index(version))
    return Step(version < edge, level(edge, version), ordered.index(version))


def level(before: Version, after: Version) -> int:
    """Which of its numbers changes first; an epoch counts as a major."""
    if before.epoch != after.epoch or before.major != after.major:
        return MAJOR
    return MINOR if before.minor != after.minor else PATCH


def upper_edge(specifier: SpecifierSet) -> Version | None:
    """The greatest version that a specifier names: what it asks for where no version satisfies it."""
    named = [Version(each.version.removesuffix(".*")) for each in specifier if each.operator != "==="]
    return max(named, default=None)
