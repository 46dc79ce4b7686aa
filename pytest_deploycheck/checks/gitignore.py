"""Which folders ``.gitignore`` covers, and the lines that it lacks."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import PurePosixPath

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import CannotCheck
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.sources.gitignore import GITIGNORE


def pattern_of(home: str, directory: str) -> str:
    """The line for a build home: a folder of its name, at the place that it has below the checkout, else at the root.

    Only a name with a dot in front is ignored everywhere, as it stands in many a ``.gitignore``: ``cargo/`` may be a
    folder of sources elsewhere.

    :param directory: where the commands run, relative to the root of the repository
    """
    checkout = platform_facts().checkout
    below = posixpath.relpath(posixpath.join(checkout, directory, home), checkout)
    if not below.startswith("../") and below not in (".", ".."):
        return f"/{below}/"
    name = PurePosixPath(home).name
    return f"{name}/" if name.startswith(".") else f"/{name}/"


def uncovered(patterns: Iterable[str], deployment: Deployment) -> list[str]:
    """The lines for folders that it does not cover.

    :raises CannotCheck: it cannot be read
    """
    _readable(deployment)
    return [each for each in patterns if not deployment.gitignore.covers(folder_of(each))]


def folder_of(pattern: str) -> str:
    """The folder at the root that a line is for: ``cargo/``."""
    return pattern.removeprefix("/")


def ignoring(patterns: Iterable[str], deployment: Deployment) -> tuple[Edit, ...]:
    """Lines at its end for the folders that it does not cover; each a change of its own, as others may add the same."""
    try:
        missing, text = uncovered(patterns, deployment), _readable(deployment)
    except CannotCheck:
        return ()
    lines = text.splitlines(keepends=True)
    is_ended = not lines or lines[-1].endswith(("\n", "\r"))
    end = Location(GITIGNORE, len(lines) + 1) if is_ended else Location(GITIGNORE, len(lines), len(lines[-1]) + 1)
    return tuple(Edit(end, end, f"{each}\n" if is_ended else f"\n{each}") for each in missing)


def line_count(deployment: Deployment) -> int:
    """How many lines it has."""
    return len(_readable(deployment).splitlines())


def _readable(deployment: Deployment) -> str:
    if deployment.gitignore.fault:
        raise CannotCheck(deployment.gitignore.fault)
    return deployment.gitignore.text
