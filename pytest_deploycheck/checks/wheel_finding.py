"""The finding for a distribution that would be built: which wheels there are, and which change brings wheels only."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name
from packaging.version import Version

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.resolution.explanation import wheel_evidence
from pytest_deploycheck.resolution.http.transport import Unreachable
from pytest_deploycheck.resolution.repair import Repair, line_for, version_with_wheels
from pytest_deploycheck.resolution.result import Distribution, Outcome
from pytest_deploycheck.resolutions import asked_of
from pytest_deploycheck.subjects import RequirementOnTarget


def wheel_finding(distribution: Distribution, subject: RequirementOnTarget, deployment: Deployment) -> Finding:
    """What is to be said of a source distribution that a requirement line brings in."""
    line = next(line for line in subject.lines if line.location == distribution.line)
    verb = {True: "would compile", False: "would be built from source", None: "would be built from source"}
    return Finding(
        "wheel",
        line.location,
        f"{line.text} {verb[distribution.native]} on {subject.place.target_name}",
        evidence=tuple(_evidence(distribution, subject, deployment)),
        fix=tuple(_fix(distribution, subject, deployment)),
    )


def _evidence(distribution: Distribution, subject: RequirementOnTarget, deployment: Deployment) -> Iterator[str]:
    yield " -> ".join(f"{name} {version}" for name, version in distribution.chain)
    built = f"{distribution.file.filename} is a source distribution built with {distribution.backend}"
    yield f"{built}: {_need(distribution)}"
    view = deployment.resolutions.view(subject.place.source, subject.place.target)
    try:
        candidates = view.candidates(canonicalize_name(distribution.name))
    except Unreachable as fault:
        yield f"which wheels it has cannot be told: {fault}"
        return
    yield from wheel_evidence(candidates.names(Version(distribution.version)), subject.place.target)


def _need(distribution: Distribution) -> str:
    if distribution.native is None:
        return "whether it needs a compiler cannot be told without building it"
    if not distribution.native:
        return "it needs no compiler, but it runs its build on the platform"
    return f"it needs {' and '.join(map(_tool, distribution.needs)) or 'a compiler'}"


def _tool(name: str) -> str:
    return name if name == "CMake" else f"a {name} compiler"


def _fix(distribution: Distribution, subject: RequirementOnTarget, deployment: Deployment) -> Iterator[str]:
    place = subject.place
    asked = asked_of(place.source)
    line = line_for(asked, subject.project)
    root = distribution.chain[0]
    if line is None:
        return
    view = deployment.resolutions.view(place.source, place.target)
    try:
        repair = version_with_wheels(asked, line, Version(root[1]), view)
    except Unreachable:
        pass  # What cannot be proven is not advised.
    else:
        nothing = f"no version of {subject.project} from {root[1]} on brings wheels only on {place.target_name}"
        yield _advised(repair, place.source.path) if repair else nothing
    yield from _other_python(subject, deployment)


def _advised(repair: Repair, path: str) -> str:
    first = f"{repair.requirement} brings wheels only"
    if repair.together.outcome is Outcome.OK:
        return f"{first}, and the rest of {path} resolves with it"
    return f"{first}, but with that alone {repair.together.message}"


def _other_python(subject: RequirementOnTarget, deployment: Deployment) -> Iterator[str]:
    found = deployment.resolutions.python_with_wheels(subject.place.source, subject.place.target)
    if found is not None:
        count = len(found.distributions)
        yield (
            f"set PYTHON_VERSION to {found.target.python}: all {count} distributions of "
            f"{subject.place.source.path} have wheels there"
        )
