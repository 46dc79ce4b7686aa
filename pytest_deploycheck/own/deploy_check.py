"""Any check by its name, on any subject."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from pytest_deploycheck.checks.making import applies, findings_of
from pytest_deploycheck.checks.registry import Check, Registry, Subject
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, NothingToDecide
from pytest_deploycheck.location import Location
from pytest_deploycheck.named import UnknownName
from pytest_deploycheck.render.blueprint import Blueprint, Service
from pytest_deploycheck.resolution.result import Resolution
from pytest_deploycheck.sources.requirement_line import RequirementLine
from pytest_deploycheck.subjects import RequirementOnTarget, SourceOnTarget

AnySubject: TypeAlias = (
    "Blueprint | Service | Resolution | SourceOnTarget | RequirementLine | RequirementOnTarget | str | None"
)
Found: TypeAlias = "tuple[object, Location]"


class DeployCheck:
    """The checks of a project: ``deploy_check("health-check-path", service)``."""

    def __init__(self, deployment: Deployment, checks: Registry) -> None:
        self._deployment = deployment
        self._checks = checks

    @property
    def names(self) -> tuple[str, ...]:
        """Those of all checks."""
        return tuple(each.name for each in self._checks)

    def __call__(self, name: str, subject: AnySubject = None) -> tuple[Finding, ...]:
        """Make a check.

        :param name: of the check
        :param subject: a service or its name; a resolution, for each place where it is deployed; a requirement line,
            on each target of its source; nothing, for a check of the blueprint
        :returns: what does not hold, as the hooks have not adjusted it; nothing where the check is not made, as that of
            a health check is not for a worker
        :raises KeyError: there is no such check or service
        :raises TypeError: the check is about something else
        :raises CannotCheck: it cannot be made, which is an ERROR of the test
        """
        __tracebackhide__ = True
        check = self._checks[name]
        found: list[Finding] = []
        for each, location in self._subjects(check, subject):
            if applies(check, each, self._deployment):
                found += self._findings(check, each, location)
        return tuple(found)

    def __repr__(self) -> str:
        return f"<{len(self.names)} checks>"

    def _findings(self, check: Check, subject: Any, location: Location) -> tuple[Finding, ...]:
        __tracebackhide__ = True
        try:
            return findings_of(check, subject, self._deployment, location)
        except NothingToDecide as reason:
            pytest.skip(str(reason))

    def _subjects(self, check: Check, subject: AnySubject) -> list[Found]:
        __tracebackhide__ = True
        if check.subject is Subject.BLUEPRINT and (subject is None or isinstance(subject, Blueprint)):
            blueprint = self._deployment.blueprint if subject is None else subject
            return [(blueprint, Location(self._deployment.blueprint_path or ""))]
        if check.subject is Subject.SERVICE and isinstance(subject, (Service, str)):
            service = self._service(subject) if isinstance(subject, str) else subject
            return [(service, service.location)]
        if check.subject is Subject.RESOLUTION and isinstance(subject, (Resolution, SourceOnTarget)):
            place = self._place(subject) if isinstance(subject, Resolution) else subject
            return [(place, Location(place.source.path))]
        if check.subject is Subject.REQUIREMENT and isinstance(subject, RequirementOnTarget):
            return [(subject, subject.lines[0].location)]
        if check.subject is Subject.REQUIREMENT and isinstance(subject, RequirementLine):
            return self._on_targets(subject)
        raise TypeError(f"the check {check.name} is about a {check.subject.value}, and was given {subject!r}")

    def _service(self, name: str) -> Service:
        __tracebackhide__ = True
        if self._deployment.blueprint is None:
            raise UnknownName(f"there is no service {name!r}: there is no blueprint that could be read")
        return self._deployment.blueprint.services[name]

    def _place(self, resolution: Resolution) -> SourceOnTarget:
        sources = [each for each in self._deployment.sources if each.path == resolution.source]
        places = [place for source in sources for place in self._deployment.targets_of(source)]
        own = next((each for each in places if each.target == resolution.target), None)
        return own or SourceOnTarget(sources[0], resolution.target, resolution.target.name, ())

    def _on_targets(self, line: RequirementLine) -> list[Found]:
        """The line as it is deployed: with the others for the same project, on each target of each source."""
        __tracebackhide__ = True
        if line.name is None:
            raise TypeError(f"{line!r} names no project, and so no check is about it")
        places = [
            place
            for source in self._deployment.sources
            if any(each.location == line.location for each in source.lines.get(line.name, ()))
            for place in self._deployment.targets_of(source)
        ]
        if not places:
            raise TypeError(f"{line!r} is not deployed: no source of this project has it")
        return [(RequirementOnTarget(p, line.name, p.source.lines[line.name]), line.location) for p in places]
