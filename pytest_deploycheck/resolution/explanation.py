"""Why pip finds nothing, or finds no wheel: in the words of the user's files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.candidates import ProjectCandidates, python_specifier
from pytest_deploycheck.resolution.graph import path_to_line
from pytest_deploycheck.resolution.places import Places
from pytest_deploycheck.resolution.result import Cause
from pytest_deploycheck.resolution.target import Target, architecture, glibc_minor
from pytest_deploycheck.resolution.wishes import Candidate, PythonWish, Wish
from pytest_deploycheck.urls import without_logins

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation

    Side = RequirementInformation[Wish, Candidate]

_MOST_VERSIONS = 8


def causes_of(
    sides: Iterable[Side],
    parents: Mapping[str, Sequence[str]],
    lines: Mapping[str, Location | None],
    constraining: Mapping[NormalizedName, Sequence[Asked]],
) -> tuple[Cause, ...]:
    """The sides of a conflict, each with the line of the user that brings it in.

    In pip's order: the user's own lines, what others require, and the constraints on one of these projects.

    :param constraining: the constraint lines, by project
    """
    found: dict[Cause, None] = {}
    for wish, parent in sides:
        for each in constraining.get(wish.project, ()) if wish.name == wish.project else ():
            found[Cause(_constraint(each), "", each.line, is_constraint=True)] = None
        if parent is None:
            found[Cause(wish.text, "", wish.line)] = None
        else:
            path = path_to_line(parent.project, parents, lines)
            found[Cause(wish.text, f"{parent.project} {parent.version}", lines[path[0]] if path else None)] = None
    order = sorted(found, key=lambda cause: (cause.is_constraint, cause.parent != "", cause.requirement, cause.parent))
    return tuple(order)


def _constraint(asked: Asked) -> str:
    """As pip has it: the project's name normalised, then what may be installed of it."""
    assert asked.requirement is not None  # A constraint without a name is refused before.
    link = f" (from {without_logins(asked.link)})" if asked.link else ""
    return f"{canonicalize_name(asked.requirement.name)}{asked.requirement.specifier}{link}"


def conflict_message(causes: Sequence[Cause]) -> str:
    """One sentence that names each side of a conflict, the user's lines as they stand in the file."""
    return f"nothing fits: {'; '.join(map(_side, causes))}"


def _side(cause: Cause) -> str:
    if cause.is_constraint:
        where = f" ({cause.line.path}:{cause.line.line})" if cause.line else ""
        return f"(constraint) {cause.requirement}{where}"
    if cause.parent:
        return f"{_pinned(cause.parent)}{_at(cause)} requires {cause.requirement}"
    return f"{cause.requirement}{_at(cause)}"


def _at(cause: Cause) -> str:
    return f" (line {cause.line.line})" if cause.line else ""


def _pinned(parent: str) -> str:
    return "==".join(parent.split(" ", 1))


def python_message(sides: Iterable[Side], target: Target) -> str:
    """One sentence for distributions that do not support the target's Python."""
    refused = [
        f"{parent.project}=={parent.version} requires {wish.text}"
        for wish, parent in sides
        if isinstance(wish, PythonWish) and parent is not None
    ]
    return f"the target's Python is {target.python}, and {'; '.join(dict.fromkeys(refused))}"


def absence(candidates: ProjectCandidates, target: Target, places: Places) -> tuple[str, ...]:
    """What the indexes do hold of a project of which pip finds nothing that fits: evidence, one line each."""
    versions = [version for group in candidates.versions.groups() for version in group]
    if not versions:
        searched = ", ".join((*places.urls, *places.find_links)) or "nothing: no index is to be asked"
        return (f"there is no project {candidates.page.project!r}; what was searched: {searched}",)
    usable = [version for version in versions if candidates.compatible(version)]
    lines = [f"versions with a distribution for {target.name}: {_listed(usable)}"]
    if others := [version for version in versions if version not in usable]:
        lines.append(f"versions without one: {_listed(others)}")
        lines += [f"  {line}" for line in _reasons(candidates, others[0], target)]
    if yanked := [v for v in usable if all(each.file.yanked is not None for each in candidates.compatible(v))]:
        lines.append(f"yanked, so that only a pin takes them: {_listed(yanked)}")
    return tuple(lines)


def built_before(filenames: Sequence[str]) -> tuple[str, ...]:
    """What pip builds before it finds that nothing fits: these builds may fail first, or take minutes."""
    if not filenames:
        return ()
    return (f"before it says so, pip builds {listed(filenames)}, to learn what is required there",)


def listed(filenames: Sequence[str]) -> str:
    """The first of many."""
    more = f" and {len(filenames) - _MOST_VERSIONS} more" if len(filenames) > _MOST_VERSIONS else ""
    return ", ".join(filenames[:_MOST_VERSIONS]) + more


def _listed(versions: Sequence[Version]) -> str:
    shown = ", ".join(map(str, versions[:_MOST_VERSIONS]))
    more = len(versions) - _MOST_VERSIONS
    return (f"{shown} and {more} older" if more > 0 else shown) or "none"


def _reasons(candidates: ProjectCandidates, version: Version, target: Target) -> Iterable[str]:
    files = candidates.files(version)
    refusing = {file.requires_python for file in files if file.requires_python}
    if all(_refuses(text, target) for text in refusing) and refusing:
        yield f"{version} requires Python {', '.join(sorted(refusing))}"
    else:
        yield from wheel_evidence(candidates.names(version), target)


def _refuses(requires_python: str, target: Target) -> bool:
    specifier = python_specifier(requires_python)
    return specifier is not None and not specifier.contains(target.python_version, prereleases=True)


def wheel_evidence(names: Iterable[str], target: Target) -> tuple[str, ...]:
    """Which wheels a version has, and what rules them out on a target: one line each, the nearest first.

    :param names: of all files of the version
    """
    wheels = [tags for name in names if name.endswith(".whl") and (tags := _tags(name))]
    if not wheels:
        return ("the index holds no wheel of this version, for any Python or platform",)
    # Those of other interpreters, such as PyPy, tell nothing about CPython.
    pythons = {python for python, _, platforms in wheels if _runs(platforms, target) and python[:2] in ("cp", "py")}
    lines = []
    if pythons:
        lines.append(f"its wheels for this platform: {_in_order(pythons)}; none for {target.minor_tag}")
    else:
        lines.append(f"it has wheels, but none for this platform ({target.platform})")
    lines += _glibc_evidence(wheels, target)
    if not pythons:
        lines.append(f"its wheels are for: {', '.join(sorted({_family(p) for _, _, ps in wheels for p in ps}))}")
    return tuple(lines)


_WheelTags = tuple[str, str, frozenset[str]]
"""Python and ABI as the file name has them, and the platforms."""


def _tags(name: str) -> _WheelTags | None:
    try:
        parse_wheel_filename(name)
    except (InvalidWheelFilename, InvalidVersion):
        return None
    python, abi, platforms = name.removesuffix(".whl").rsplit("-", 3)[1:]
    return python, abi, frozenset(platforms.split("."))


def _runs(platforms: frozenset[str], target: Target) -> bool:
    return not platforms.isdisjoint((*target.platforms, "any"))


def _glibc_evidence(wheels: Sequence[_WheelTags], target: Target) -> Iterable[str]:
    """Wheels that this Python could use, were the machine's glibc newer."""
    own = glibc_minor(target.platform)
    if own is None:
        return
    for python, _, platforms in wheels:
        fitting = {tag.interpreter for tag in target.tags} & set(python.split("."))
        for platform in sorted(platforms):
            needed = glibc_minor(platform)
            if (
                fitting
                and needed is not None
                and needed > own
                and architecture(platform) == architecture(target.platform)
            ):
                yield f"its {python} wheel for {platform} needs glibc 2.{needed}; this platform has 2.{own}"


def _family(platform: str) -> str:
    for name, words in (("win", "Windows"), ("macosx", "macOS"), ("musllinux", "Linux with musl")):
        if platform.startswith(name):
            return words
    return f"Linux {architecture(platform)}" if "linux" in platform else platform


def _in_order(pythons: Iterable[str]) -> str:
    def numbers(tag: str) -> tuple[int, str]:
        digits = "".join(filter(str.isdigit, tag.partition(".")[0]))
        return int(digits[1:] or 0) if digits else 0, tag

    return " ".join(sorted(pythons, key=numbers))
