"""What the fixtures give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NoReturn, TypeVar

import pytest

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck
from pytest_deploycheck.named import UnknownName, unknown
from pytest_deploycheck.own.deploy_check import DeployCheck
from pytest_deploycheck.own.extensions import ExtensionFailed
from pytest_deploycheck.projects import Project, Projects, projects_of
from pytest_deploycheck.render.blueprint import Blueprint, Service
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import InvalidTarget, Target
from pytest_deploycheck.sources.requirement_line import RequirementLine
from pytest_deploycheck.sources.requirements import Problem
from pytest_deploycheck.subjects import Source, SourceOnTarget, Sources

Thing = TypeVar("Thing")


class Given:
    """What each fixture gives for a request: its parameter, where it has one, else the only thing there is."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request
        self._parameter: object = getattr(request, "param", None)

    def project(self) -> Deployment:
        """A parameter is the name of the project."""
        projects = self._projects()
        if self._parameter is not None:
            try:
                return projects.named(str(self._parameter)).deployment
            except ValueError as error:
                _fail(str(error))
        return self._only(projects, "project", [each.name for each in projects]).deployment

    def blueprint(self, deployment: Deployment) -> Blueprint:
        """The one there is."""
        if deployment.blueprint is not None:
            return deployment.blueprint
        _fail(str(deployment.blueprint_error or f"there is no blueprint in {deployment.folder}"))

    def requirements(self, deployment: Deployment) -> Sources:
        """All there are, and at least one."""
        self._assert_no_failure(deployment, "pytest_deploycheck_sources")
        return deployment.sources or _fail(f"there are no requirements in {deployment.folder}")

    def source(self, deployment: Deployment) -> Source:
        """A parameter is its name, or a service that has none."""
        sources = self.requirements(deployment)
        if isinstance(self._parameter, Service):
            _fail(f"{self._parameter!r} installs no requirements that are known")
        if self._parameter is not None:
            return sources.get(str(self._parameter)) or _fail(
                unknown("source", str(self._parameter), sources.names),
            )
        return self._only(sources, "source", sources.names)

    def target(self, deployment: Deployment) -> Target:
        """A parameter is a target, or its name."""
        if isinstance(self._parameter, Target):
            return self._parameter
        try:
            if self._parameter is not None:
                return deployment.target(str(self._parameter))
            targets = list(dict.fromkeys(_targets(deployment)))
        except InvalidTarget as error:
            _fail(str(error))
        return self._only(targets, "target", [each.name for each in targets])

    def resolution(self, deployment: Deployment, source: Source, target: Target | str) -> Resolution:
        """What pip would pick, or why it would fail; what cannot be known is an error."""
        target = deployment.target(target) if isinstance(target, str) else target
        places = deployment.targets_of(source)
        own = next((each for each in places if each.target == target), None)
        place = own or SourceOnTarget(source, target, target.name, ())
        try:
            found = self._projects().holding(deployment).resolution(place)
        except ExtensionFailed as failure:
            _fail(str(failure))
        if found.outcome is Outcome.UNREACHABLE:
            _fail(f"{source.path} cannot be resolved on {target.name}: {found.message}")
        return found

    def check(self, deployment: Deployment) -> DeployCheck:
        """All the checks of the project."""
        self._assert_no_failure(deployment, "pytest_deploycheck_checks")
        return DeployCheck(deployment, self._projects().holding(deployment).checks)

    def service(self, blueprint: Blueprint) -> Service:
        """A parameter is a service, or its name."""
        if isinstance(self._parameter, Service):
            return self._parameter
        if self._parameter is None:
            _fail('which service? @pytest.mark.render_services(type="web") chooses, as does an indirect parameter')
        try:
            return blueprint.services[str(self._parameter)]
        except UnknownName as error:
            _fail(str(error))

    def requirement(self, deployment: Deployment) -> RequirementLine:
        """A parameter is a line, what is wrong with one, or the name of a project."""
        if isinstance(self._parameter, RequirementLine):
            return self._parameter
        if isinstance(self._parameter, Problem):
            _fail(str(self._parameter))
        if self._parameter is None:
            _fail('which one? @pytest.mark.requirements("requirements/*.txt") chooses, as does an indirect parameter')
        try:
            lines = self.requirements(deployment).lines
        except CannotCheck as error:
            _fail(str(error))
        names = tuple(dict.fromkeys(str(each.name) for each in lines if each.name))
        found = next((each for each in lines if each.name == self._parameter), None)
        return found or _fail(unknown("requirement", str(self._parameter), names))

    def _projects(self) -> Projects:
        try:
            return projects_of(self._request.config)
        except pytest.UsageError as error:
            _fail(str(error))

    def _only(self, things: Iterable[Thing], kind: str, names: Iterable[str]) -> Thing:
        """The one thing there is; where there are more, tests that name the fixture are run for each."""
        first, *others = (*things, None)
        if first is None:
            _fail(f"there is no {kind}")
        if len(others) > 1:
            fixture = self._request.fixturename
            _fail(f"there are several {kind}s ({', '.join(names)}): take {fixture} as an argument of the test itself")
        return first

    def _assert_no_failure(self, deployment: Deployment, hook: str) -> None:
        project: Project = self._projects().holding(deployment)
        for failure in project.failures:
            if failure.name == hook:
                _fail(str(failure))


def _targets(deployment: Deployment) -> Iterator[Target]:
    """Those of what is installed; where nothing is that is known, those of the services."""
    for source in deployment.sources:
        yield from (place.target for place in deployment.targets_of(source))
    if not deployment.sources:
        yield from map(deployment.target_of, deployment.services)


def _fail(message: str) -> NoReturn:
    """In a fixture, this is an ERROR; without the traceback, which is only this plugin's."""
    pytest.fail(message, pytrace=False)
