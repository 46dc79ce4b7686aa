"""Does pip find a distribution for everything, and has a lock one for everything?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.checks.wheels import findings_of
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.subjects import SourceOnTarget


@check(
    "resolves",
    Subject.RESOLUTION,
    sources=(
        "https://pip.pypa.io/en/stable/topics/dependency-resolution/, 2026-11-23",
        "https://docs.astral.sh/uv/concepts/projects/sync/, 2026-11-25",
        "https://python-poetry.org/docs/cli/#install, 2026-11-25",
        "https://pdm-project.org/en/latest/usage/lockfile/, 2026-11-26",
        "https://pipenv.pypa.io/en/latest/locking.html, 2026-11-26",
        "https://packaging.python.org/en/latest/specifications/pylock-toml/, 2026-11-26",
    ),
    of_a_lock="{tool} can install what the lock has, which has a distribution of everything for the target.",
)
def resolves(place: SourceOnTarget, deployment: Deployment) -> Iterator[Finding]:
    """pip finds a distribution for every requirement, and all of them fit together.

    It is pip's own answer for the target, not for this machine: the same versions and files, by the same resolver.
    Where pip ends with ``ResolutionImpossible`` or ``No matching distribution found``, so does the build. What only a
    build would tell, since a source distribution computes what it requires, is said to be unknown.

    Of a lock (``uv.lock``, ``poetry.lock``, ``pdm.lock``, ``Pipfile.lock``, ``pylock.toml``) it asserts that its tool
    can install it: it can be read, was made for this Python and for this project, and has a file of every distribution
    for the target.

    To satisfy it, change a line so that all fit together::

        aiogram==3.13.1
        aiohttp>=3.9.0,<3.11  # what aiogram asks for
    """
    resolution = deployment.resolution(place)
    if resolution.outcome is Outcome.UNREACHABLE:
        raise CannotCheck(resolution.message)
    if resolution.outcome is Outcome.INVALID and place.source.file.problems:
        yield from _refused(place)
    elif resolution.outcome is not Outcome.OK:
        if resolution.outcome is Outcome.NO_MATCH and (unknown := _unknown_indexes(place, deployment)):
            named = ", ".join(unknown)
            raise CannotCheck(
                f"{resolution.message}, and {named} may name an index that has it: set it for this run too"
            )
        yield _failed(place, resolution, deployment)
    yield from _ignored(place)
    yield from _doubts(place, resolution)
    yield from _built_in_passing(place, resolution)
    yield from _of_lines_without_items(place, resolution, deployment)


def _unknown_indexes(place: SourceOnTarget, deployment: Deployment) -> list[str]:
    """What names an index, and is known on the platform only; what a lock has does not depend on it."""
    if place.source.is_lock:
        return []
    services = (each for each in deployment.services if each.name in place.services)
    unknown = (
        each for service in services for found in deployment.build(service).installations for each in found.unknown
    )
    return list(dict.fromkeys(each for each in unknown if "INDEX" in each.upper() or "FIND" in each.upper()))


def _built_in_passing(place: SourceOnTarget, resolution: Resolution) -> Iterator[Finding]:
    """What pip builds and does not install: if a build fails, pip ends there, whatever it would have picked."""
    if resolution.built_in_passing:
        from pytest_deploycheck.resolution.explanation import listed

        shown = listed(resolution.built_in_passing)
        yield Finding(
            "resolves",
            Location(place.source.path),
            f"on its way pip builds {shown}, to learn what is required there, and then picks others",
            evidence=("where one of them cannot be built, pip ends there",),
            fix=("pin these projects to the versions that are picked",),
            severity=Severity.ADVICE,
        )


def _of_lines_without_items(place: SourceOnTarget, resolution: Resolution, deployment: Deployment) -> Iterator[Finding]:
    """A line that names no project, such as ``-e .``, has no item of its own: what it brings in is judged here.

    So is what a lock has, and no line of the project asks for.
    """
    named = {line.location for line in place.source.file.lines if line.name is not None}
    nameless = {each.line for each in resolution.distributions if each.line not in named}
    yield from findings_of("resolves", resolution, place, nameless, deployment)


def _refused(place: SourceOnTarget) -> Iterator[Finding]:
    for problem in place.source.file.problems:
        tool = place.source.tool
        verdict = (
            f"{tool} refuses this{'' if place.source.is_lock else ' line'}"
            if problem.refused
            else "this could not be read"
        )
        message = f"{verdict}: {problem.text}" if problem.text else f"{tool} cannot read this file"
        yield Finding("resolves", problem.location, message, evidence=(problem.expected,))


def _ignored(place: SourceOnTarget) -> Iterator[Finding]:
    for warning in place.source.file.warnings:
        message = warning.text if place.source.is_lock else f"this does not say what it seems to say: {warning.text}"
        yield Finding("resolves", warning.location, message, evidence=(warning.expected,), severity=Severity.ADVICE)


def _failed(place: SourceOnTarget, resolution: Resolution, deployment: Deployment) -> Finding:
    lines = [cause.line for cause in resolution.causes if cause.line]
    finding = Finding(
        "resolves",
        lines[0] if lines else Location(place.source.path),
        f"{resolution.message} (on {place.target_name})",
        evidence=(*(_sentence(resolution)), *resolution.evidence),
    )
    if resolution.outcome is Outcome.INVALID:
        return finding
    # It asks the indexes again, with all that this imports.
    from pytest_deploycheck.checks.repair import with_repair

    return with_repair(finding, place, deployment)


def _sentence(resolution: Resolution) -> Iterator[str]:
    for cause in resolution.causes:
        where = f"{cause.line}: " if cause.line else ""
        yield f"{where}{cause}"


def _doubts(place: SourceOnTarget, resolution: Resolution) -> Iterator[Finding]:
    for each in resolution.distributions:
        if not each.dependencies_known:
            yield Finding(
                "resolves",
                each.line or Location(place.source.path),
                f"what {each.name} {each.version} requires is not known: {each.file.filename} says so only when built",
                evidence=("whatever it requires is missing from this resolution",),
                severity=Severity.ADVICE,
            )
