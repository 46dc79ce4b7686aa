"""A source as the resolver takes it, and what its resolution is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from packaging.utils import NormalizedName

from pytest_deploycheck import __version__
from pytest_deploycheck.resolution.asked import Asked, Preferences
from pytest_deploycheck.resolution.places import Places
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.sources.requirements import RequirementLine
from pytest_deploycheck.subjects import Source


def asked_of(source: Source) -> list[Asked]:
    """The lines of a source as the resolver takes them."""
    return [_asked(line) for line in (*source.file.constraints, *source.file.lines)]


def _asked(line: RequirementLine) -> Asked:
    return Asked(
        line.requirement,
        line.location,
        line.constraint,
        line.link or "",
        line.marker,
        line.extras,
        tuple(f"{algorithm}={digest}" for algorithm, digest in line.hashes),
    )


def preferences_of(source: Source) -> Callable[[NormalizedName], Preferences]:
    """What its options say on a project."""
    said = source.file.options

    def preferences(project: NormalizedName) -> Preferences:
        return Preferences(
            formats=said.format_control.allowed(project),
            prereleases=said.release_control.allows_prereleases(project),
            prefer_binary=said.prefer_binary,
        )

    return preferences


def unreadable(source: Source, target: Target) -> Resolution:
    """What comes of a source with problems: refused, or not known."""
    problems = [each for each in source.file.problems if each.refused]
    if not problems:
        unknown = source.file.problems[0]
        return Resolution(
            source.path,
            target,
            Outcome.UNREACHABLE,
            ": ".join(filter(None, (str(unknown.location), unknown.text, unknown.expected))),
        )
    evidence = tuple(f"{each.location}: {each.text}: {each.expected}" for each in problems)
    message = f"{source.tool} refuses {len(problems)} line{'s' if len(problems) > 1 else ''} of it"
    return Resolution(source.path, target, Outcome.INVALID, message, evidence=evidence)


def key_of(source: Source, target: Target, asked: list[Asked], places: Places) -> str | None:
    """Everything that a resolution depends on, but for the pages of the indexes.

    :returns: None where it also depends on what may change without notice: files that lines name, folders as indexes
    """
    local = places.local_state()
    if local is None or any(each.link for each in asked):
        return None
    parts = [
        __version__,
        source.path,
        target.full_name,
        places.urls,
        places.find_links,
        places.ignored,
        local,
        repr(source.file.options),
        [(str(each.requirement), str(each.line), each.constraint, each.hashes) for each in asked],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
