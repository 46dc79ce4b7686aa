"""Which items pytest-xdist keeps in one process with ``--dist loadgroup``: all that ask for one resolution."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pytest_deploycheck.collection import DeploycheckItem
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.projects import Projects
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.subjects import RequirementOnTarget, SourceOnTarget


def mark_groups(items: Iterable[pytest.Item], projects: Projects) -> None:
    """Give each of these items the mark of its resolution, unless it has a group of its own."""
    for item in items:
        group = _group(item, projects)
        if group is not None and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Item, projects: Projects) -> str | None:
    """A name for the source and the target; None where an item needs no resolution."""
    if isinstance(item, DeploycheckItem):
        subject = item.planned.subject
        place = subject.place if isinstance(subject, RequirementOnTarget) else subject
        return _name(place.source.name, place.target) if isinstance(place, SourceOnTarget) else None
    if not isinstance(item, pytest.Function) or "deploy_resolution" not in item.fixturenames:
        return None
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    own = projects.of(item.path)[0].name
    deployment = projects.named(str(parameters.get("deploy_project", own))).deployment
    return _of_parameters(deployment, parameters.get("deploy_source"), parameters.get("deploy_target"))


def _of_parameters(deployment: Deployment, source: object, target: object) -> str | None:
    sources = [each for each in deployment.sources if source is None or each.name == source]
    if not sources:
        return None
    if target is None:
        place = next(iter(deployment.targets_of(sources[0])), None)
        target = place.target if place else ""
    return _name(sources[0].name, target if isinstance(target, Target) else deployment.target(str(target)))


def _name(source: str, target: Target) -> str:
    """Without ``@``, with which xdist puts it behind a node id."""
    return f"{source}-{target.full_name}".replace("@", "-")
