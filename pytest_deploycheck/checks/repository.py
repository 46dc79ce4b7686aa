"""Is the repository fit for the build?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from pytest_deploycheck.checks.blueprint import readable
from pytest_deploycheck.checks.build_home import HOMES
from pytest_deploycheck.checks.gitignore import GITIGNORE, ignoring, line_count, uncovered
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Blueprint
from pytest_deploycheck.render.platform import platform_facts


def _names(blueprint: Blueprint | None, deployment: Deployment) -> tuple[str, ...]:
    """The directories that should not be committed: those of the build homes, and those that the settings name."""
    homes = [
        PurePosixPath(variable.value.text).name
        for service in (blueprint.services if blueprint else ())
        for name in HOMES
        if (variable := service.environment.get(name)) is not None
        and variable.value is not None
        and platform_facts().is_writable(variable.value.text)
    ]
    named = (name.strip().strip("/") for name in deployment.settings.gitignore)
    return tuple(filter(None, dict.fromkeys((*homes, *named))))


def _has_names(blueprint: Blueprint | None, deployment: Deployment) -> bool:
    return bool(_names(blueprint, deployment))


@check(
    "gitignore",
    Subject.BLUEPRINT,
    applies=_has_names,
    sources=("https://git-scm.com/docs/gitignore, 2026-11-25",),
)
def gitignore(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """.gitignore covers the build homes that services set.

    A build home that a service sets is a folder name, and a build on one's own machine may make it in the repository,
    with thousands of files that the next commit takes along.

    To satisfy it, add a line to ``.gitignore``::

        $ echo .cargo/ >> .gitignore
    """
    names = _names(readable(blueprint, deployment), deployment)
    lines = line_count(deployment)
    for name in uncovered(names, deployment):
        yield Finding(
            "gitignore",
            Location(GITIGNORE, max(1, lines)),
            f"{name}/ is not ignored, so a build on your own machine may be committed",
            fix=(f"add the line {name}/ to {GITIGNORE}",),
            severity=Severity.ADVICE,
            edits=ignoring((name,), deployment),
        )
