"""The finding for a distribution that would be built: which wheels there are, and which change brings wheels only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from packaging.utils import canonicalize_name
from packaging.version import Version

from pytest_deploycheck.checks.repair import with_repair
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.explanation import wheel_evidence
from pytest_deploycheck.resolution.http.transport import Unreachable
from pytest_deploycheck.resolution.known import Advice
from pytest_deploycheck.resolution.locked.lock import PDM, PIPENV, POETRY, UV, UV_PIP, Package
from pytest_deploycheck.resolution.result import Distribution
from pytest_deploycheck.subjects import PIP, SourceOnTarget

# https://pip.pypa.io/en/stable/cli/pip_install/#cmdoption-only-binary
# https://docs.astral.sh/uv/reference/cli/#uv-sync--no-build-package
# https://python-poetry.org/docs/configuration/#installeronly-binary
_TOLD_NOT_TO_BUILD = {
    PIP: "add --only-binary={name} to pip install ({places})",
    UV_PIP: "add --only-binary {name} to uv pip ({places})",
    UV: "add --no-build-package {name} to uv sync ({places})",
    PDM: "set PDM_ONLY_BINARY={name} before pdm ({places})",
    PIPENV: "set PIP_ONLY_BINARY={name} before pipenv ({places})",
    POETRY: "set POETRY_INSTALLER_ONLY_BINARY={name} before poetry install ({places})",
}


def wheel_finding(
    check_name: str, distribution: Distribution, place: SourceOnTarget, deployment: Deployment
) -> Finding:
    """What is to be said of a source distribution, or of a source that a requirement line names itself."""
    line = next((line for line in place.source.file.lines if line.location == distribution.line), None)
    # What no line asks for, a lock alone knows.
    location = line.location if line else distribution.line or Location(place.source.path)
    text = line.text if line else f"{distribution.name}=={distribution.version}"
    verb = {True: "would compile", False: "would be built from source", None: "would be built from source"}
    advice = deployment.resolutions.remembered(
        place.source, place.target, distribution.name, lambda: _advice(distribution, place, deployment)
    )
    finding = Finding(
        check_name,
        location,
        f"{text} {verb[distribution.native]} on {place.target_name}",
        evidence=advice.evidence,
    )
    mended = with_repair(finding, place, deployment, distribution.name)
    return replace(mended, fix=(*mended.fix, *_clear_errors(distribution, place, deployment)))


def _clear_errors(distribution: Distribution, place: SourceOnTarget, deployment: Deployment) -> Iterator[str]:
    """Where pip can be told not to compile it: the build then stops at once, and says why."""
    if not distribution.native or distribution.is_direct:
        return
    builds = [deployment.build(each) for each in deployment.services if each.name in place.services]
    if place.source.tool not in (PIP, UV_PIP):
        locks = (each for build in builds for each in build.locks)
        found = [each.project.location for each in locks if each.lock and each.lock.tool == place.source.tool]
    else:
        installs = (each.install for build in builds for each in build.installations)
        found = [each.location for each in installs if each.installer == place.source.tool]
    if places := dict.fromkeys(map(str, found)):
        told = _TOLD_NOT_TO_BUILD[place.source.tool].format(name=distribution.name, places=", ".join(places))
        yield f"{told}: it then names what has no wheel at once"


def _advice(distribution: Distribution, place: SourceOnTarget, deployment: Deployment) -> tuple[Advice, bool]:
    """The advice, and whether all that it would take could be asked."""
    evidence = list(_evidence(distribution, place))
    try:
        evidence += _wheels(distribution, place, deployment)
    except Unreachable as fault:
        # What cannot be proven is not advised.
        return Advice((*evidence, f"which wheels there are cannot be told: {fault}")), False
    return Advice(tuple(evidence)), True


def _evidence(distribution: Distribution, place: SourceOnTarget) -> Iterator[str]:
    chain = " -> ".join(f"{name} {version}" for name, version in distribution.chain) or str(distribution)
    locked, pinned = _locked(distribution, place), place.source.pinned
    where = locked.location if locked else pinned.places.get(distribution.name) if pinned else None
    yield f"{chain} ({where})" if where else chain
    read = "" if distribution.unread else " built"
    what = "is built from its source" if distribution.is_direct else f"is a source distribution{read}"
    backend = f" with {distribution.backend}" if distribution.backend else ""
    yield f"{distribution.file.filename} {what}{backend}: {_need(distribution)}"


def _wheels(distribution: Distribution, place: SourceOnTarget, deployment: Deployment) -> tuple[str, ...]:
    if distribution.is_direct:
        return ()
    locked = _locked(distribution, place)
    if locked is not None:  # It has the names of all files of the version.
        names = [each.filename for each in locked.files]
        if not any(name.endswith(".whl") for name in names):
            return (f"{place.source.path} holds no wheel of this version, for any Python or platform",)
        return wheel_evidence(names, place.target)
    view = deployment.resolutions.view_of(place.source, place.target, distribution.name)
    candidates = view.candidates(canonicalize_name(distribution.name))
    return wheel_evidence(candidates.names(Version(distribution.version)), place.target)


def _locked(distribution: Distribution, place: SourceOnTarget) -> Package | None:
    """What a lock says of it; None where no lock says which version it is."""
    source = place.source
    locks = [*([source.locked.lock] if source.locked else ()), *(each.lock for each in source.file.pylocks)]
    found = (each.package(distribution.name, distribution.version) for each in locks)
    return next(filter(None, found), None)


def _need(distribution: Distribution) -> str:
    if distribution.unread:
        return f"whether it needs a compiler is not known: {distribution.unread}"
    if distribution.native is None:
        return "whether it needs a compiler cannot be told without building it"
    if not distribution.native:
        return "it needs no compiler, but it runs its build on the platform"
    return f"it needs {_tools(distribution.needs)}"


def _tools(needs: tuple[str, ...]) -> str:
    """``a C, a C++ and a Fortran compiler and CMake``."""
    *before, last = [f"a {name}" for name in needs if name != "CMake"] or [""]
    compilers = f"{', '.join(before)} and {last} compiler" if before else f"{last or 'a'} compiler"
    return f"{compilers} and CMake" if "CMake" in needs else compilers
