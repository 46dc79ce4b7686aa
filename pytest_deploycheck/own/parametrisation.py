"""Tests of one's own, run for each project, service, requirement line, source and target that they are about."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, NoReturn

import pytest

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.fixtures import ROOT
from pytest_deploycheck.own.markers import BadMarker, Marked, read_markers
from pytest_deploycheck.projects import Project, Projects, Wrong, projects_of
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.sources.requirement_line import RequirementLine
from pytest_deploycheck.sources.requirements import Problem
from pytest_deploycheck.subjects import Source


@dataclass(frozen=True)
class Part:
    """One parameter of a test.

    :param value: what the fixture is given
    :param id: as node ids have it; empty where nothing has to be told from it
    """

    value: object
    id: str = ""


@dataclass(frozen=True)
class Row:
    """What one run of a test is about: a part for each fixture that has one, in the order of its node id."""

    deploy_project: Part | None = None
    render_service: Part | None = None
    requirement: Part | None = None
    deploy_source: Part | None = None
    deploy_target: Part | None = None

    def part(self, fixture: str) -> Part | None:
        """That of a fixture."""
        part: Part | None = getattr(self, fixture)
        return part


FIXTURES = tuple(each.name for each in fields(Row))
_OF_THE_SESSION = frozenset(name for name in FIXTURES if name.startswith("deploy_"))


def parametrise(metafunc: pytest.Metafunc) -> None:
    """Give a test the parameters that its markers and its fixtures ask for.

    :raises pytest.Collector.CollectError: a marker cannot be used so; the message names the test's file and line
    """
    try:
        marked = read_markers(metafunc)
        projects = projects_of(metafunc.config)
        rows = list(_rows(projects, marked, _wanted(metafunc), metafunc.definition.path))
    except (BadMarker, *Wrong, pytest.UsageError) as error:
        _refuse(metafunc, str(error))
    names = [name for name in FIXTURES if any(row.part(name) for row in rows)]
    if not rows:
        # As pytest does with an empty list: the test is skipped, and says why.
        metafunc.parametrize(marked.fixture, [pytest.param(None, marks=pytest.mark.skip(reason=marked.nothing))])
    elif names:
        # Together they would have the scope of the narrowest, in which the wider ones cannot be.
        scope: Literal["session"] | None = "session" if _OF_THE_SESSION & set(names) else None
        metafunc.parametrize(names, [_parameters(row, names) for row in rows], indirect=True, scope=scope)


def _parameters(row: Row, names: Sequence[str]) -> object:
    parts = [part for name in names if (part := row.part(name))]
    shown = "-".join(part.id for part in parts if part.id)
    return pytest.param(*(part.value for part in parts), id=shown or None)


def _wanted(metafunc: pytest.Metafunc) -> frozenset[str]:
    """The fixtures that the test takes, without those to which it gives parameters itself."""
    given: set[str] = set()
    for mark in metafunc.definition.iter_markers("parametrize"):
        names = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
        given.update(map(str.strip, names.split(",")) if isinstance(names, str) else names)
    return frozenset(metafunc.fixturenames) - given


def _rows(projects: Projects, marked: Marked, wanted: frozenset[str], path: Path) -> Iterator[Row]:
    chosen = projects.of(path) if ROOT in wanted else projects
    for project in chosen:
        own = Part(project.name, project.name) if len(projects) > 1 and ROOT in wanted else None
        for service, line in itertools.product(_services(project, marked, wanted), _lines(project, marked, wanted)):
            of_service = service.value if service and isinstance(service.value, Service) else None
            for source, target in _places(project.deployment, marked, wanted, of_service):
                yield Row(own, service, line, source, target)


def _services(project: Project, marked: Marked, wanted: frozenset[str]) -> Iterable[Part | None]:
    if "render_service" not in wanted or marked.services is None:
        return (None,)
    blueprint = project.deployment.blueprint
    if blueprint is None:
        raise BadMarker(str(project.deployment.blueprint_error or f"there is no blueprint in {project.name}"))
    return [Part(each, each.name) for each in marked.services.chosen(blueprint)]


def _lines(project: Project, marked: Marked, wanted: frozenset[str]) -> Iterable[Part | None]:
    if "requirement" not in wanted or marked.requirements is None:
        return (None,)
    seen: dict[str, int] = {}
    return [Part(each, _line_id(each, seen)) for each in marked.requirements.chosen(project.deployment)]


def _line_id(line: RequirementLine | Problem, seen: dict[str, int]) -> str:
    """``requirements.txt:pydantic``: without what changes when a pin does; the second one of a name is ``#2``."""
    name = "unreadable" if isinstance(line, Problem) else line.name or line.text
    shown = f"{line.location.path}:{name}"
    seen[shown] = seen.get(shown, 0) + 1
    return shown if seen[shown] == 1 else f"{shown}#{seen[shown]}"


def _places(
    deployment: Deployment, marked: Marked, wanted: frozenset[str], service: Service | None
) -> Iterator[tuple[Part | None, Part | None]]:
    """The sources and targets, as far as the test takes them: those of the service, where it is about one."""
    targets = [Part(deployment.target(text), text) for text in marked.targets]
    if "deploy_source" not in wanted:
        takes_target = "deploy_target" in wanted
        for target in (targets or _told(_deployed(deployment, service), deployment)) if takes_target else (None,):
            yield None, target
        return
    sources = [each for each in deployment.sources if service is None or not each.services or service in each.services]
    for source in sources:
        name = Part(source.name, source.name if len(sources) > 1 else "") if len(deployment.sources) > 1 else None
        own = _deployed(deployment, service, source)
        for target in (targets or _told(own, deployment)) if "deploy_target" in wanted else (None,):
            yield name, target
    if not sources:
        # The fixture says what is missing.
        yield Part(service), None


def _deployed(deployment: Deployment, service: Service | None, source: Source | None = None) -> dict[Target, str]:
    """The targets with their names: of a service, of a source, else of all sources."""
    if service is not None and not deployment.settings.targets:
        target = deployment.target_of(service)
        return {target: target.name}
    places = (place for each in ([source] if source else deployment.sources) for place in deployment.targets_of(each))
    return {place.target: place.target_name for place in places}


def _told(own: dict[Target, str], deployment: Deployment) -> list[Part | None]:
    """Nothing for the only target of the project: the test keeps its plain name, and the fixture knows it."""
    if len(_deployed(deployment, None)) == 1 == len(own):
        return [None]
    return [Part(target, name if len(own) > 1 else "") for target, name in own.items()]


def _refuse(metafunc: pytest.Metafunc, message: str) -> NoReturn:
    path, line, _ = metafunc.definition.location
    raise pytest.Collector.CollectError(f"{path}:{(line or 0) + 1}: {metafunc.function.__name__}: {message}")
