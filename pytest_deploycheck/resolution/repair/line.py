"""A line of the user as something that may change."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.asked import Asked


class State(enum.Enum):
    """What is tried of a line; a version in its place pins it."""

    KEPT = "kept"
    ANY_VERSION = "any version"
    LEFT_OUT = "left out"


States: TypeAlias = "tuple[State | Version, ...]"
"""One for each line."""


@dataclass(frozen=True)
class Line:
    """A line, or one that could be added.

    :param position: among all of them
    :param is_frozen: it has to stay as it is
    :param is_new: nobody has written it yet
    """

    position: int
    asked: Asked
    is_frozen: bool = False
    is_new: bool = False

    @property
    def project(self) -> NormalizedName | None:
        """None where only a link is named."""
        requirement = self.asked.requirement
        return canonicalize_name(requirement.name) if requirement else None

    @property
    def specifier(self) -> SpecifierSet:
        """What it allows now."""
        requirement = self.asked.requirement
        return requirement.specifier if requirement else SpecifierSet()

    @property
    def marker(self) -> Marker | None:
        """When it counts."""
        requirement = self.asked.requirement
        return requirement.marker if requirement else self.asked.marker

    @property
    def may_change(self) -> bool:
        """Whether it has versions that could be others."""
        return not self.is_frozen and not self.asked.link and self.asked.requirement is not None

    def in_state(self, state: State | Version) -> Asked:
        """What is asked for then; its location tells the position, so that the sides of a conflict can be told."""
        marked = replace(self.asked, line=Location("", self.position + 1))
        if state is State.KEPT:
            return marked
        specifier = SpecifierSet(f"=={state}") if isinstance(state, Version) else SpecifierSet()
        return replace(marked, requirement=self.changed(specifier), hashes=())

    def changed(self, specifier: SpecifierSet) -> Requirement:
        """The requirement with other versions, and all else as it is."""
        assert self.asked.requirement is not None
        requirement = Requirement(str(self.asked.requirement))
        requirement.specifier = specifier
        return requirement


def lines_of(asked: Sequence[Asked], frozen: Sequence[bool]) -> list[Line]:
    """:param frozen: for each line, whether it has to stay as it is"""
    return [Line(at, each, is_frozen) for at, (each, is_frozen) in enumerate(zip(asked, frozen, strict=True))]


def new_line(position: int, project: NormalizedName) -> Line:
    """A line for a project that has none."""
    return Line(position, Asked(Requirement(project)), is_new=True)


def as_written(lines: Sequence[Line]) -> States:
    """Nothing is changed."""
    return tuple(State.LEFT_OUT if each.is_new else State.KEPT for each in lines)


def asked_in(lines: Sequence[Line], states: States) -> Iterator[Asked]:
    """What is asked for, with each line in its state."""
    for line, state in zip(lines, states, strict=True):
        if state is not State.LEFT_OUT:
            yield line.in_state(state)


def with_state(states: States, positions: Sequence[int] | frozenset[int], state: State | Version) -> States:
    """With some lines in another state."""
    return tuple(state if at in positions else each for at, each in enumerate(states))
