"""Which change makes every distribution a wheel. Whatever is named here was resolved first."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.candidates import is_pinned
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.resolver import resolve
from pytest_deploycheck.resolution.result import Resolution
from pytest_deploycheck.resolution.view import TargetView

# What is looked for is one line of a message.
_MOST_SECONDS = 5.0

# Metadata of so many versions is asked for at once while versions are tried one after the other.
_ASKED_AHEAD = 8


@dataclass(frozen=True)
class Repair:
    """Another version for one line.

    :param requirement: the line's requirement with that version, ``pydantic==2.8.0``
    :param alone: what it resolves to with nothing else: wheels only
    :param together: what the whole source resolves to with that one line changed
    """

    requirement: str
    alone: Resolution
    together: Resolution


def version_with_wheels(asked: Sequence[Asked], line: Asked, current: Version, view: TargetView) -> Repair | None:
    """The nearest version of a line's project that brings wheels only, with all it requires.

    For a pin that is the first one above; for a range the newest that the range allows, then the first one above.

    :param line: one of those asked for, with a name and without a link
    :returns: None where none was found in the time that a message is worth
    :raises Unreachable: the index did not answer
    """
    assert line.requirement is not None
    started = time.monotonic()
    for version in _tried(line.requirement, current, view):
        if time.monotonic() - started > _MOST_SECONDS:
            break
        changed = Asked(_pinned(line.requirement, version), line.line)
        alone = resolve("", [changed], view)
        if alone.has_wheels_only:
            replaced = [changed if each is line else each for each in asked]
            return Repair(f"{changed.requirement}", alone, resolve("", replaced, view))
    return None


def _tried(requirement: Requirement, current: Version, view: TargetView) -> Iterator[Version]:
    """Versions to try in turn, their metadata fetched ahead; those that are no wheel themselves are left out."""
    candidates = view.candidates(canonicalize_name(requirement.name))
    offered = [(v, fs[0]) for v, fs in candidates.select(SpecifierSet()) if fs[0].is_wheel]
    above = [(version, file) for version, file in reversed(offered) if version > current]
    below = [(version, file) for version, file in offered if version < current]
    if is_pinned(requirement.specifier):
        ordered = above
    else:
        ordered = [each for each in below if requirement.specifier.contains(each[0])] + above
    yield from _ahead(ordered, view)


def _ahead(ordered: Iterable[tuple[Version, File]], view: TargetView) -> Iterator[Version]:
    remaining = iter(ordered)
    while batch := list(islice(remaining, _ASKED_AHEAD)):
        for _, file in batch:
            view.client.metadata(file)
        yield from (version for version, _ in batch)


def _pinned(requirement: Requirement, version: Version) -> Requirement:
    changed = Requirement(str(requirement))
    changed.specifier = SpecifierSet(f"=={version}")
    return changed
