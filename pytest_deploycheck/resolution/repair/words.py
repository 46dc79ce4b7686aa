"""Why there is no repair, or not for all: in the words of the user's files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pytest_deploycheck.resolution.asked import BINARY, Asked
from pytest_deploycheck.resolution.candidates import ProjectCandidates
from pytest_deploycheck.resolution.repair.line import Line, State
from pytest_deploycheck.resolution.repair.search import Stuck, WithoutWheels
from pytest_deploycheck.resolution.repair.trials import Trials
from pytest_deploycheck.resolution.resolver import resolve
from pytest_deploycheck.resolution.target import Target


def without_wheels(found: WithoutWheels, trials: Trials) -> str:
    """One sentence: what has to be built whatever is changed, who needs it, and which its last wheel was."""
    if not found.lines:
        return f"{found.project} is built from the source that a line names itself"
    view = trials.views[found.target]
    if BINARY not in view.preferences(found.project).formats:
        return f"pip is told to build {found.project} from source: an option such as --no-binary says so"
    candidates = view.candidates(found.project)
    fitting = any(files[0].is_wheel for _, files in candidates.select(SpecifierSet()))
    has_none = "has wheels, but none of a version that fits" if fitting else "has no wheel in any version"
    lines = [trials.lines[each] for each in found.lines]
    needing = ", ".join(map(_written, lines)) if not any(each.project == found.project for each in lines) else ""
    needed = f", and {needing} cannot do without it" if needing else ""
    return f"{found.project} {has_none} for {view.target.name}{needed}: {_last_wheel(candidates, view.target)}"


def stuck(found: Stuck, trials: Trials) -> Iterator[str]:
    """Sentences: which lines fail together, and that no versions help."""
    view = trials.views[found.target]
    asked, frozen = [], []
    for line, state in zip(trials.lines, found.few, strict=True):
        if state is not State.LEFT_OUT:
            asked.append(_located(line, state))
            if not line.may_change and state is State.KEPT and not line.asked.link:
                frozen.append(_written(line))
    why = resolve("", asked, view)
    open_lines = [_written(line) for line, state in zip(trials.lines, found.few, strict=True) if _is_open(state)]
    whatever = f"whatever version {' and '.join(open_lines)} had, " if open_lines else ""
    yield (
        f"{whatever}pip would fail on {view.target.name}: {why.message}"
        if why.message
        else (f"{whatever}something would be built on {view.target.name}")
    )
    if frozen:
        yield f"these lines stay as they are, since they are ignored with a reason: {', '.join(frozen)}"


def _is_open(state: State | Version) -> bool:
    return state is State.ANY_VERSION


def _located(line: Line, state: State | Version) -> Asked:
    return replace(line.in_state(state), line=line.asked.line)


def _written(line: Line) -> str:
    requirement = line.asked.requirement
    shown = f"{requirement.name}{_extras(requirement.extras)}" if requirement else line.asked.link
    return f"{shown} (line {line.asked.line.line})" if line.asked.line else shown


def _extras(extras: set[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""


def _last_wheel(candidates: ProjectCandidates, target: Target) -> str:
    """Since when there is none: the last version with a wheel for the platform, else for any platform."""
    versions = [version for group in candidates.versions.groups() for version in group]
    if not versions:
        return "the index does not have it"
    elsewhere = None
    for version in versions:
        wheels = list(_wheel_tags(candidates.names(version)))
        here = [each for each in wheels if _is_for(each, target)]
        if here:
            pythons = " ".join(sorted({each.interpreter for each in here}))
            return f"its last one for this platform is of {version}, for {pythons}"
        if wheels and elsewhere is None:
            elsewhere = version
    if elsewhere is not None:
        return f"it never had one for this platform; its last one for another is of {elsewhere}"
    count = f"all of its {len(versions)} versions are" if len(versions) > 1 else f"its only version, {versions[0]}, is"
    return f"{count} published as source alone"


def _wheel_tags(names: Sequence[str]) -> Iterator[Tag]:
    for name in names:
        if name.endswith(".whl"):
            try:
                yield from parse_wheel_filename(name)[3]
            except (InvalidWheelFilename, InvalidVersion):
                continue


def _is_for(tag: Tag, target: Target) -> bool:
    return tag.platform in ("any", *target.platforms) and tag.interpreter[:2] in ("cp", "py")
