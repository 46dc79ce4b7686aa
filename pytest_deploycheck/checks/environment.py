"""Does somebody define the variables that a service's code needs?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.checks.start_command import is_started_python
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.platform import platform_facts

if TYPE_CHECKING:
    from pytest_deploycheck.sources.python.environment import EnvironmentRead

_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=")
# A file that loaders of variables read, and which is deployed where git tracks it.
_FILES = (".env", ".flaskenv", ".env.production", ".env.defaults")


@check(
    "environment",
    Subject.SERVICE,
    applies=is_started_python,
    sources=("https://render.com/docs/configure-environment-variables, 2026-11-23",),
)
def environment(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The environment variables that the code of the service cannot do without are defined.

    Code that reads a variable which is not there raises when it starts, after a build that went well. A variable may
    also be set in the dashboard, which no file says, so this is advice.

    To satisfy it, define what the code reads, without a value where that is a secret::

        envVars:
          - key: SECRET_KEY
            sync: false
    """
    if not deployment.knows_groups(service):
        return
    defined = {name.upper() for name in (*service.environment, *platform_facts().set_variables)}
    said: set[tuple[str, ...]] = set()
    for start in deployment.started.commands(service):
        missing = [each for each in deployment.started.reads(start) if each.is_required]
        if not missing:
            continue
        folder = start.directory or "."
        known = defined | {name.upper() for name in start.command.environment or ()} | _in_files(deployment, folder)
        for read in missing:
            if known.isdisjoint(each.upper() for each in read.names) and read.names not in said:
                said.add(read.names)
                yield _undefined(service, read)


def _undefined(service: Service, read: EnvironmentRead) -> Finding:
    name = read.names[0]
    return Finding(
        "environment",
        read.location,
        f"{service.name} needs {' or '.join(read.names)}, and nothing in the blueprint defines it",
        evidence=(f"{read.location}: {read.text} has no default",),
        fix=(f"in its envVars, add key: {name} with a value, or with sync: false to be asked for it",),
        severity=Severity.ADVICE,
    )


def _in_files(deployment: Deployment, folder: str) -> set[str]:
    """The variables of files that are deployed with the code."""
    found: set[str] = set()
    for place in dict.fromkeys((folder, ".")):
        for name in _FILES:
            path = deployment.root / place / name
            if path.is_file() and not deployment.gitignore.covers(deployment.relative(path)):
                found.update(_names(path))
    return found


def _names(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        match = _LINE.match(line)
        if match:
            yield match["name"].upper()
