"""Which items there are: one for each check and each of its subjects, from local files alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_deploycheck import checks as _checks  # noqa: F401 - importing the checks registers them
from pytest_deploycheck.checks.registry import Check, Subject, checks
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.location import Location
from pytest_deploycheck.subjects import RequirementOnTarget, Source, SourceOnTarget


@dataclass(frozen=True)
class PlannedCheck:
    """One item.

    :param name: the last part of its node id
    """

    name: str
    check: Check
    subject: Any
    location: Location


@dataclass(frozen=True)
class PlannedGroup:
    """The items of one service, of the blueprint, or of one target.

    :param name: the middle part of their node ids
    """

    name: str
    checks: tuple[PlannedCheck, ...]


@dataclass(frozen=True)
class PlannedFile:
    """The items of one file.

    :param path: absolute
    :param name: the first part of their node ids
    """

    path: Path
    name: str
    groups: tuple[PlannedGroup, ...]

    def items(self) -> Iterator[tuple[str, str, PlannedCheck]]:
        """The name of its group, the node id and the check of each item."""
        for group in self.groups:
            for planned in group.checks:
                yield group.name, f"{self.name}::{group.name}::{planned.name}", planned

    def node_ids(self) -> Iterator[tuple[str, PlannedCheck]]:
        """Each item with its node id."""
        for _, node_id, planned in self.items():
            yield node_id, planned


def plan(deployment: Deployment) -> tuple[PlannedFile, ...]:
    """The items, in the order in which they are collected: the blueprint's first.

    What a command installs that stands in the blueprint or in a script has its items below that file.
    """
    groups: dict[str, list[PlannedGroup]] = {}
    if deployment.blueprint_path is not None:
        groups[deployment.blueprint_path] = list(_of_blueprint(deployment, deployment.blueprint_path))
    for source in deployment.sources:
        groups.setdefault(source.path, []).extend(_of_source(deployment, source))
    return tuple(PlannedFile(deployment.root / path, path, tuple(own)) for path, own in groups.items())


def _of_blueprint(deployment: Deployment, path: str) -> Iterator[PlannedGroup]:
    yield PlannedGroup(
        "blueprint", tuple(_applying(Subject.BLUEPRINT, deployment.blueprint, Location(path), deployment))
    )
    for service in deployment.blueprint.services if deployment.blueprint else ():
        yield PlannedGroup(service.name, tuple(_applying(Subject.SERVICE, service, service.location, deployment)))


def _applying(kind: Subject, subject: Any, location: Location, deployment: Deployment) -> Iterator[PlannedCheck]:
    for check in checks(kind):
        if check.applies(subject, deployment):
            yield PlannedCheck(check.name, check, subject, location)


def _of_source(deployment: Deployment, source: Source) -> Iterator[PlannedGroup]:
    for place in deployment.targets_of(source):
        name = f"{place.target_name}@{source.variant}" if source.variant else place.target_name
        yield PlannedGroup(name, tuple(_on_target(place)))


def _on_target(place: SourceOnTarget) -> Iterator[PlannedCheck]:
    for check in checks(Subject.RESOLUTION):
        yield PlannedCheck(check.name, check, place, Location(place.source.path))
    for check in checks(Subject.REQUIREMENT):
        for project, lines in place.source.lines.items():
            yield PlannedCheck(project, check, RequirementOnTarget(place, project, lines), lines[0].location)
