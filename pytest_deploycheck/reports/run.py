"""A run as every report tells it: what was planned, how each item ended, what was found and what would be installed."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from pytest_deploycheck.checks.registry import Check, Subject
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import ValueFrom
from pytest_deploycheck.render.python_version import ServicePython
from pytest_deploycheck.resolution.result import Distribution, Resolution
from pytest_deploycheck.subjects import SourceOnTarget


class End(enum.Enum):
    """How an item ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  # it could not be made
    SKIPPED = "skipped"  # there was nothing to decide, or it is ignored
    NOT_RUN = "not-run"  # the run ended before it


@dataclass(frozen=True)
class ItemResult:
    """One item of the plan.

    :param nodeid: as on the command line
    :param group: what it is about, the middle part of the node id: a service, ``blueprint``, a target
    :param check: the check's name
    :param summary: what the check asserts
    :param location: where its subject stands
    :param reason: one line where it ended with an error, skipped or was not run
    :param failing: of its findings those that failed it
    """

    nodeid: str
    group: str
    check: str
    summary: str
    subject: Subject
    location: Location
    end: End
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    failing: tuple[Finding, ...] = ()

    @property
    def above(self) -> str:
        """The node id of the service, the blueprint or the target."""
        return self.nodeid.partition("::")[0] + f"::{self.group}"

    @property
    def advice(self) -> tuple[Finding, ...]:
        """Its findings that did not fail it."""
        return tuple(each for each in self.findings if each not in self.failing)


@dataclass(frozen=True)
class Variable:
    """An environment variable of a service.

    :param comes_from: where its value is from; values themselves may be secrets, and are in no report
    """

    key: str
    comes_from: ValueFrom


@dataclass(frozen=True)
class ServiceEntry:
    """A service of the blueprint, in the words of the file.

    :param type: ``web``, ``worker``, ...; empty where it is not given, as with each of the texts
    :param python: what decides on its Python; None where Render installs none for it
    """

    name: str
    location: Location
    type: str
    runtime: str
    root_dir: str
    build_command: str
    pre_deploy_command: str
    start_command: str
    health_check_path: str
    python: ServicePython | None
    variables: tuple[Variable, ...] = ()

    @property
    def nodeid(self) -> str:
        """What its items are below."""
        return f"{self.location.path}::{self.name}"


@dataclass(frozen=True)
class Resolved:
    """What would be installed from a source on a target."""

    place: SourceOnTarget
    resolution: Resolution

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from the others of a run, and puts them in order."""
        return self.place.source.path, self.place.target_name, *self.place.services

    @property
    def group(self) -> str:
        """The middle part of the node ids of its items."""
        variant = self.place.source.variant
        return f"{self.place.target_name}@{variant}" if variant else self.place.target_name

    @property
    def kinds(self) -> Counter[str]:
        """How many distributions of each kind, by :attr:`.Kind.value`."""
        return Counter(each.kind.value for each in self.resolution.distributions)

    @property
    def sdists(self) -> tuple[Distribution, ...]:
        """What would be built."""
        return self.resolution.to_build

    @property
    def known_bytes(self) -> int:
        """To download, as far as the index says how large its files are."""
        return sum(each.file.size or 0 for each in self.resolution.distributions)

    @property
    def unknown_sizes(self) -> int:
        """Of how many distributions it does not say it."""
        return sum(each.file.size is None for each in self.resolution.distributions)


@dataclass(frozen=True)
class Run:
    """A run, the same whichever process did which part of it.

    :param project: the name of the folder that was checked
    :param checks: every check that there is
    :param day: of the run: facts about the platform depend on it
    :param blueprint: its path, None where there is none
    :param items: in the order of the plan, without those that nobody asked for
    :param resolved: by source and target
    :param indexes: what was asked, without credentials
    :param offline: whether only the cache was asked
    :param interrupted: whether it was ended before its time
    :param extra: what other parts add to the report for machines, by key; plain JSON values
    """

    project: str
    day: date
    blueprint: str | None
    checks: tuple[Check, ...]
    services: tuple[ServiceEntry, ...]
    items: tuple[ItemResult, ...]
    resolved: tuple[Resolved, ...]
    indexes: tuple[str, ...] = ()
    offline: bool = False
    interrupted: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    def ended(self, end: End) -> tuple[ItemResult, ...]:
        """The items that ended so."""
        return tuple(each for each in self.items if each.end is end)

    def below(self, above: str) -> tuple[ItemResult, ...]:
        """The items about a service, the blueprint or a target, by its node id."""
        return tuple(self._by_above.get(above, ()))

    @cached_property
    def _by_above(self) -> dict[str, list[ItemResult]]:
        found: dict[str, list[ItemResult]] = {}
        for each in self.items:
            found.setdefault(each.above, []).append(each)
        return found

    @cached_property
    def findings(self) -> tuple[tuple[ItemResult, Finding], ...]:
        """Each finding with its item, by where it stands."""
        found = ((item, finding) for item in self.items for finding in item.findings)
        return tuple(sorted(found, key=lambda each: (each[1].location.path, each[1].location.line, each[0].nodeid)))

    @property
    def is_complete(self) -> bool:
        """Whether every item that was asked for ran."""
        return not self.interrupted and not self.ended(End.NOT_RUN)


@dataclass(frozen=True)
class Place:
    """Where one of several findings with one root stands.

    :param message: in its own words
    """

    nodeid: str
    location: Location
    message: str


@dataclass(frozen=True)
class Cause:
    """Findings with one root: the same check, evidence and fix.

    :param finding: the first of them
    :param places: of each, its own first
    """

    finding: Finding
    places: tuple[Place, ...]


def causes(found: Iterable[tuple[ItemResult, Finding]]) -> tuple[Cause, ...]:
    """Findings by their root, the first of each standing for all."""
    groups: dict[object, list[tuple[ItemResult, Finding]]] = {}
    for item, finding in found:
        groups.setdefault(root_of(finding), []).append((item, finding))
    return tuple(
        Cause(group[0][1], tuple(Place(item.nodeid, each.location, each.message) for item, each in group))
        for group in groups.values()
    )


def root_of(finding: Finding) -> object:
    """Equal for findings that are told at length only once.

    What has neither evidence nor fix says all in its own line.
    """
    if finding.evidence or finding.fix:
        return finding.check, finding.severity, finding.evidence, finding.fix
    return finding


def fails(finding: Finding) -> bool:
    """Whether it is certain to fail a deploy."""
    return finding.severity is Severity.ERROR
