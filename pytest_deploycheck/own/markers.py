"""The markers of tests, read: ``render_services``, ``deploy_targets`` and ``requirements``."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.fixtures import MARKERS
from pytest_deploycheck.location import Location
from pytest_deploycheck.named import unknown
from pytest_deploycheck.render.blueprint import Blueprint, Service
from pytest_deploycheck.render.fields import blueprint_fields
from pytest_deploycheck.sources.requirement_line import RequirementLine
from pytest_deploycheck.sources.requirements import Problem, RequirementsFile, read_requirements


class BadMarker(ValueError):
    """A marker that cannot be used so; the message says what was expected."""


@dataclass(frozen=True)
class ChosenServices:
    """``render_services(type=..., runtime=..., name=...)``; what is not given does not matter."""

    types: tuple[str, ...]
    runtimes: tuple[str, ...]
    names: tuple[str, ...]

    def chosen(self, blueprint: Blueprint) -> list[Service]:
        """The services that match.

        :raises BadMarker: a name without wildcards is that of no service
        """
        for name in self.names:
            if not set("*?[") & set(name) and blueprint.services.get(name) is None:
                raise BadMarker(f"{blueprint.path}: {unknown('service', name, blueprint.services.names)}")
        return [each for each in blueprint.services if self._matches(each)]

    def _matches(self, service: Service) -> bool:
        return (
            (not self.types or service.type in self.types)
            and (not self.runtimes or service.runtime in self.runtimes)
            and (not self.names or any(fnmatch.fnmatchcase(service.name, name) for name in self.names))
        )

    def __str__(self) -> str:
        asked = (("type", self.types), ("runtime", self.runtimes), ("name", self.names))
        return ", ".join(f"{name} {' or '.join(values)}" for name, values in asked if values)


@dataclass(frozen=True)
class ChosenRequirements:
    """``requirements("requirements/*.txt")``; without a file, those that are deployed."""

    globs: tuple[str, ...]

    def chosen(self, deployment: Deployment) -> list[RequirementLine | Problem]:
        """The lines, one that several files include once, and what could not be read of them.

        :raises BadMarker: a glob matches no file
        """
        files = [source.file for source in deployment.sources] if not self.globs else list(self._files(deployment))
        found: dict[Location, RequirementLine | Problem] = {}
        for file in files:
            found |= {each.location: each for each in file.lines}
            found |= {each.location: each for each in file.problems}
        return list(found.values())

    def _files(self, deployment: Deployment) -> Iterator[RequirementsFile]:
        for path in dict.fromkeys(path for glob in self.globs for path in _matching(glob, deployment.folder)):
            yield read_requirements(path, deployment.root, deployment.environ, directory=deployment.folder)


@dataclass(frozen=True)
class Marked:
    """What the markers of a test ask for; None and nothing where they do not say.

    :param fixture: one that the test takes by them
    """

    services: ChosenServices | None = None
    requirements: ChosenRequirements | None = None
    targets: tuple[str, ...] = ()

    @property
    def fixture(self) -> str:
        """The one of which there may be none."""
        return "requirement" if self.services is None else "render_service"

    @property
    def nothing(self) -> str:
        """Why there is nothing to run the test for."""
        if self.services is None:
            return "these files have no requirement lines"
        return f"the blueprint has no service of {self.services}" if str(self.services) else "there are no services"


def read_markers(metafunc: pytest.Metafunc) -> Marked:
    """The nearest marker of each kind counts.

    :raises BadMarker: one has other arguments than it takes, or the test does not take what it chooses
    """
    # Those of the test itself: a whole class or module may have a marker that concerns some of its tests.
    for mark in getattr(metafunc.function, "pytestmark", ()):
        if mark.name in MARKERS:
            _assert_is_used(mark.name, metafunc.fixturenames)
    by_name = {name: metafunc.definition.get_closest_marker(name) for name in MARKERS}
    services, lines, targets = (by_name[name] for name in ("render_services", "requirements", "deploy_targets"))
    return Marked(
        services=_services(services) if services else None,
        requirements=ChosenRequirements(_texts(lines, "a glob such as 'requirements/*.txt'")) if lines else None,
        targets=_targets(targets) if targets else (),
    )


_USED_BY = {
    "render_services": ("render_service",),
    "requirements": ("requirement",),
    "deploy_targets": ("deploy_resolution", "deploy_target"),
}


def _assert_is_used(marker: str, fixtures: Iterable[str]) -> None:
    names = _USED_BY[marker]
    if not set(names) & set(fixtures):
        raise BadMarker(f"@pytest.mark.{marker} has no effect without the argument {' or '.join(names)}")


def _services(mark: pytest.Mark) -> ChosenServices:
    if mark.args:
        raise BadMarker(f"{_shown(mark)} takes keywords: type, runtime, name")
    known = ("type", "runtime", "name")
    for name in mark.kwargs:
        if name not in known:
            raise BadMarker(f"{_shown(mark)}: {unknown('keyword', name, known)}")
    types, runtimes, names = (_several(mark, name) for name in known)
    fields = blueprint_fields()
    _assert_known("type", types, [each for kind in fields.kinds for each in kind.types], mark)
    _assert_known("runtime", runtimes, fields.values["runtimes"].known, mark)
    return ChosenServices(types, runtimes, names)


def _several(mark: pytest.Mark, name: str) -> tuple[str, ...]:
    """A text, or several of them."""
    value = mark.kwargs.get(name, ())
    values = (value,) if isinstance(value, str) else value
    if not isinstance(values, (tuple, list, set, frozenset)) or not all(isinstance(each, str) for each in values):
        raise BadMarker(f"{_shown(mark)}: {name} is a text or several texts, and not {value!r}")
    return tuple(values)


def _assert_known(kind: str, values: Iterable[str], known: Iterable[str], mark: pytest.Mark) -> None:
    names = tuple(known)
    for value in values:
        if value not in names:
            raise BadMarker(f"{_shown(mark)}: {unknown(kind, value, names)}")


def _targets(mark: pytest.Mark) -> tuple[str, ...]:
    targets = _texts(mark, "a target such as '3.13'")
    if not targets:
        raise BadMarker(f"{_shown(mark)}: which targets? give such as '3.13'")
    return tuple(dict.fromkeys(targets))


def _texts(mark: pytest.Mark, expected: str) -> tuple[str, ...]:
    if mark.kwargs:
        raise BadMarker(f"{_shown(mark)} takes no keywords: give {expected}")
    for each in mark.args:
        if not isinstance(each, str):
            hint = f"; write '{each}' in quotes" if isinstance(each, (int, float)) else ""
            raise BadMarker(f"{_shown(mark)}: {expected} was expected, and not {each!r}{hint}")
    return mark.args


def _shown(mark: pytest.Mark) -> str:
    arguments = (*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items()))
    return f"@pytest.mark.{mark.name}({', '.join(arguments)})"


def _matching(glob: str, folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.glob(glob) if path.is_file())
    except (NotImplementedError, ValueError) as error:
        raise BadMarker(f"requirements({glob!r}): a glob relative to {folder} was expected: {error}") from error
    if not found:
        raise BadMarker(f"requirements({glob!r}) matches no file below {folder}")
    return found
