"""A source as the resolver takes it, and what its resolution is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from pytest_deploycheck import __version__
from pytest_deploycheck.resolution.asked import Asked, Preferences
from pytest_deploycheck.resolution.places import Places
from pytest_deploycheck.resolution.result import Cause, Outcome, Resolution
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.sources.requirements import RequirementLine
from pytest_deploycheck.subjects import Source

if TYPE_CHECKING:
    from pytest_deploycheck.resolution.locked.pylock import NotSelected, Selection
    from pytest_deploycheck.sources.locks.lock_file import Pinned


def asked_of(source: Source) -> list[Asked]:
    """The lines of a source as the resolver takes them."""
    if source.pinned is not None:
        return [each for part in source.parts for each in asked_of(part)]
    return [_asked(line) for line in (*source.file.constraints, *source.file.lines)]


def selected(source: Source, target: Target) -> Selection:
    """What pip selects on a target from the ``pylock.toml`` that it is given.

    :raises NotSelected: pip stops
    """
    from pytest_deploycheck.resolution.locked.pylock import select  # Few projects have one.

    return select(source.file.pylocks, target, preferences_of(source))


def asked_with(source: Source, selection: Selection) -> list[Asked]:
    """The lines of a source, and of its ``pylock.toml`` what is selected."""
    paths = {each.lock.path for each in source.file.pylocks}
    others = [each for each in asked_of(source) if each.line is None or each.line.path not in paths]
    return [*others, *selection.asked]


def not_selected(source: Source, target: Target, stop: NotSelected) -> Resolution:
    """What comes of a ``pylock.toml`` at which pip stops."""
    causes = (Cause(stop.asked, "", stop.location),)
    return Resolution(source.path, target, Outcome.NO_MATCH, str(stop), causes=causes, evidence=stop.evidence)


def stops_at_python(source: Source, pinned: Pinned, target: Target) -> Resolution | None:
    """What comes of a lock on a Python at which its tool stops; None where it does not."""
    if pinned.python is None or pinned.python.contains(target.python, prereleases=True):
        return None
    message = f"{source.tool} stops: {pinned.python_location.path} asks for Python {pinned.python_text}, "
    causes = (Cause(f"Python {pinned.python_text}", "", pinned.python_location),)
    return Resolution(
        source.path, target, Outcome.NO_MATCH, f"{message}and the target's is {target.python}", causes=causes
    )


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
        [repr(each.file.options) for each in (source, *source.parts)],
        source.file.without_dependencies,
        [each.key for each in source.file.pylocks],
        [(str(each.requirement), str(each.line), each.constraint, each.hashes) for each in asked],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
