"""Is the repository fit for the build?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.blueprint import readable
from pytest_deploycheck.checks.build_home import HOMES
from pytest_deploycheck.checks.gitignore import folder_of, ignoring, line_count, pattern_of, uncovered
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Blueprint
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.sources.gitignore import GITIGNORE


def _lines(blueprint: Blueprint | None, deployment: Deployment) -> tuple[str, ...]:
    """For the directories that should not be committed: the build homes, and those that the settings name."""
    homes = [
        pattern_of(variable.value.text, deployment.builds.directory(service))
        for service in (blueprint.services if blueprint else ())
        for name in HOMES
        if (variable := service.environment.get(name)) is not None
        and variable.value is not None
        and platform_facts().is_writable(variable.value.text)
    ]
    named = (stripped for name in deployment.settings.gitignore if (stripped := name.strip().strip("/")))
    return tuple(dict.fromkeys((*homes, *(f"{each}/" for each in named))))


def _has_lines(blueprint: Blueprint | None, deployment: Deployment) -> bool:
    return bool(_lines(blueprint, deployment))


@check(
    "gitignore",
    Subject.BLUEPRINT,
    applies=_has_lines,
    sources=("https://git-scm.com/docs/gitignore, 2026-11-25",),
)
def gitignore(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """.gitignore covers the build homes that services set.

    A build home that a service sets is a folder name, and a build on one's own machine may make it in the repository,
    with thousands of files that the next commit takes along.

    To satisfy it, add a line to ``.gitignore``::

        $ echo .cargo/ >> .gitignore
    """
    wanted = _lines(readable(blueprint, deployment), deployment)
    count = line_count(deployment)
    for line in uncovered(wanted, deployment):
        yield Finding(
            "gitignore",
            Location(GITIGNORE, max(1, count)),
            f"{folder_of(line)} is not ignored, so a build on your own machine may be committed",
            fix=(f"add the line {line} to {GITIGNORE}",),
            severity=Severity.ADVICE,
            edits=ignoring((line,), deployment),
        )
