"""Which items there are: one for each check and each of its subjects, from local files alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_deploycheck.checks.built_in import built_in
from pytest_deploycheck.checks.making import applies
from pytest_deploycheck.checks.registry import Check, Registry, Subject
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.location import Location
from pytest_deploycheck.own.extensions import ExtensionFailed, shown_path
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
    deployment: Deployment


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


def plan(
    deployment: Deployment, checks: Registry | None = None, failures: Iterable[ExtensionFailed] = ()
) -> tuple[PlannedFile, ...]:
    """The items, in the order in which they are collected: the blueprint's first.

    What a command installs that stands in the blueprint or in a script has its items below that file.

    :param checks: default: the built-in ones
    :param failures: hooks that could not say what they add
    """
    checks = built_in() if checks is None else checks
    files = []
    if deployment.blueprint_path is not None:
        path = deployment.blueprint_path
        files.append(PlannedFile(deployment.root / path, path, tuple(_of_blueprint(deployment, checks, path))))
    for source in deployment.sources:
        groups = tuple(_of_source(deployment, checks, source))
        files.append(PlannedFile(deployment.root / source.path, source.path, groups))
    files += [_of_failure(deployment, each) for each in failures]
    return together(files)


def together(files: Iterable[PlannedFile]) -> tuple[PlannedFile, ...]:
    """A file that several commands or projects install has the items of each of them once."""
    by_name: dict[str, PlannedFile] = {}
    for planned in files:
        known = by_name.get(planned.name)
        by_name[planned.name] = _together(known, planned) if known else planned
    return tuple(by_name.values())


def _together(known: PlannedFile, further: PlannedFile) -> PlannedFile:
    groups = {group.name: group for group in known.groups}
    for group in further.groups:
        own = groups.get(group.name, PlannedGroup(group.name, ()))
        names = {each.name for each in own.checks}
        new = tuple(each for each in group.checks if each.name not in names)
        groups[group.name] = PlannedGroup(group.name, (*own.checks, *new))
    return replace(known, groups=tuple(groups.values()))


def _of_blueprint(deployment: Deployment, checks: Registry, path: str) -> Iterator[PlannedGroup]:
    blueprint = deployment.blueprint
    of_all = tuple(_applying(Subject.BLUEPRINT, blueprint, Location(path), deployment, checks))
    yield PlannedGroup("blueprint", of_all)
    for service in blueprint.services if blueprint is not None else ():
        own = tuple(_applying(Subject.SERVICE, service, service.location, deployment, checks))
        yield PlannedGroup(service.name, own)


def _applying(
    kind: Subject, subject: Any, location: Location, deployment: Deployment, checks: Registry
) -> Iterator[PlannedCheck]:
    for check in checks.of(kind):
        if applies(check, subject, deployment):
            yield PlannedCheck(check.name, check, subject, location, deployment)


def _of_source(deployment: Deployment, checks: Registry, source: Source) -> Iterator[PlannedGroup]:
    for place in deployment.targets_of(source):
        name = f"{place.target_name}@{source.variant}" if source.variant else place.target_name
        yield PlannedGroup(name, tuple(_on_target(place, deployment, checks)))


def _on_target(place: SourceOnTarget, deployment: Deployment, checks: Registry) -> Iterator[PlannedCheck]:
    yield from _applying(Subject.RESOLUTION, place, Location(place.source.path), deployment, checks)
    for check in checks.of(Subject.REQUIREMENT):
        for name, lines in place.source.lines.items():
            subject = RequirementOnTarget(place, name, lines)
            if applies(check, subject, deployment):
                yield PlannedCheck(_item_name(name, check), check, subject, lines[0].location, deployment)


def _item_name(project: str, check: Check) -> str:
    """``pydantic`` alone is the item of the check that asks for wheels."""
    return project if check.name == _OF_THE_NAME_ALONE else f"{project}[{check.name}]"


_OF_THE_NAME_ALONE = "wheel"


def _of_failure(deployment: Deployment, failure: ExtensionFailed) -> PlannedFile:
    """A hook that could not say what it adds has an item of its own, which says so."""

    def fail(subject: ExtensionFailed, _: Deployment) -> Iterator[Finding]:
        raise subject

    path = shown_path(failure.path, deployment.root)
    check = Check(failure.name, "The hook says what it adds.", Subject.BLUEPRINT, fail, lambda *_: True)
    planned = PlannedCheck(failure.name, check, failure, Location(path, failure.line), deployment)
    return PlannedFile(failure.path, path, (PlannedGroup("hooks", (planned,)),))
