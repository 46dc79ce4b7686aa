"""Which Python would a service get?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.python_pin import asked_for, pinning
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.render.python_version import Origin, ServicePython, version_meant
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.sources.python_wish import PIPFILE, PYPROJECT, RUNTIME, PythonWish, version_file_wish
from pytest_deploycheck.sources.requirements import RequirementLine


def is_native_python(service: Service, deployment: Deployment) -> bool:
    """Whether Render installs a Python for a service."""
    return service.is_native_python


@check(
    "python-version",
    Subject.SERVICE,
    applies=is_native_python,
    sources=("https://render.com/docs/python-version, 2026-11-23",),
)
def python_version(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The Python is pinned, fully qualified, one that Render has, and the one that the repository asks for.

    Only PYTHON_VERSION and a ``.python-version`` at the root of the repository decide; else it is the default of the
    day on which the service was created, so that two services of one blueprint may differ. Without quotes ``3.10`` is
    the number 3.1. What ``runtime.txt``, ``pyproject.toml`` or a Pipfile ask for has no effect, which is advice.

    To satisfy it, give the whole version, in quotes::

        envVars:
          - key: PYTHON_VERSION
            value: "3.13.4"
    """
    python = deployment.python_of(service)
    wishes = [each for each in _wishes(service, python, deployment) if not _is_met(each, python)]
    if python.mistake is not None:
        yield Finding(
            "python-version",
            python.location or service.location,
            f"{service.name}: {python.mistake.message}",
            fix=(python.mistake.fix,),
            severity=Severity.ERROR if python.mistake.refused else Severity.ADVICE,
            edits=pinning(service, python.mistake.meant, deployment) if python.mistake.meant else (),
        )
    elif python.origin is Origin.DEFAULT:
        yield _unpinned(service, python, wishes, deployment)
    else:
        yield from (_contradicted(service, python, each) for each in wishes)
    yield from _without_requirements(service, python, deployment)


def _wishes(service: Service, python: ServicePython, deployment: Deployment) -> Iterator[PythonWish]:
    installs = deployment.build(service).installs
    # uv reads these files itself, and fetches a Python where Render's is not what they ask for.
    by_uv = any(each.command.program == "uv" for each in installs.from_projects)
    # Of a project that pip installs, the check of its resolution says whether it takes this Python.
    by_pip = any(_is_project(word.text) for each in installs.installs for word in (*each.projects, *each.editables))
    for wish in deployment.python_wishes(service.folder):
        if not (by_uv and not wish.file.endswith(RUNTIME)) and not (by_pip and wish.file.endswith(PYPROJECT)):
            yield wish
    if python.origin is Origin.VARIABLE and not by_uv and (wish_at_root := version_file_wish(deployment.root)):
        yield wish_at_root


def _is_project(requirement: str) -> bool:
    """Whether a requirement is a folder: ``.``, ``./app[extra]``."""
    return requirement.startswith((".", "/", "file:"))


def _is_met(wish: PythonWish, python: ServicePython) -> bool:
    """Whether a service has the Python; of one that is not known nothing is said."""
    return python.version is None or wish.specifier.contains(python.version, prereleases=True)


def _unpinned(service: Service, python: ServicePython, wishes: list[PythonWish], deployment: Deployment) -> Finding:
    assumed = "assumed, since deploycheck_service_created is not set" if python.created_is_assumed else "as set"
    asked = next((each for each in wishes if each.version), None)
    wished = version_meant(asked.version) if asked and asked.version else None
    of_run = asked_for(deployment)
    pin = of_run or wished or python.version or platform_facts().newest_default
    known = f"is {python.version}" if python.version else "is given by no document"
    keeping = f"which is what {asked.file} asks for" if asked and wished else "which keeps the one it would get today"
    keeping = "as this run has it" if of_run else keeping
    return Finding(
        "python-version",
        service.location,
        f"nothing pins the Python of {service.name}: the default of a service created on {python.created} {known}",
        evidence=(f"the day of creation is {assumed}", *(f"{_shown(each)}, and has no effect" for each in wishes)),
        fix=(
            f'in its envVars, set PYTHON_VERSION with value: "{pin}", {keeping}',
            f"write {pin} into .python-version at the root of the repository, for all services",
        ),
        severity=Severity.ADVICE,
        edits=pinning(service, pin, deployment),
    )


def _shown(wish: PythonWish) -> str:
    return f"{wish.location}: {wish.file} asks for {wish.asked}"


def _contradicted(service: Service, python: ServicePython, wish: PythonWish) -> Finding:
    is_of_project = wish.file.rpartition("/")[2] in (PYPROJECT, PIPFILE)
    effect = "which it does not allow" if is_of_project else "whatever that file says"
    return Finding(
        "python-version",
        wish.location,
        f"{wish.file} asks for Python {wish.asked}, and {service.name} gets {python.version}, {effect}",
        evidence=(f"{python.location}: {python.origin.value} decides",),
        fix=("let both say the same" if is_of_project else f"let both say the same, or remove {wish.file}",),
        severity=Severity.ADVICE,
    )


def _without_requirements(service: Service, python: ServicePython, deployment: Deployment) -> Iterator[Finding]:
    """Requirements whose markers leave most of them out: they were made for another Python.

    A few such lines are right, since they bring in what a Python lacks; that most are left out nobody means.
    """
    if python.version is None:
        return
    target = Target(python.version, deployment.platform)
    for source in deployment.sources:
        lines = source.file.lines
        if service not in source.services or sum(each.marker is not None for each in lines) * 2 <= len(lines):
            continue
        left_out = [each for each in lines if not target.may_hold(each.marker) and _holds_elsewhere(each, target)]
        if len(left_out) * 2 > len(lines):
            yield Finding(
                "python-version",
                left_out[0].location,
                f"{len(left_out)} of the {len(lines)} requirements of {source.path} are left out for {service.name}, "
                f"on Python {python.version}",
                evidence=tuple(dict.fromkeys(f"where {each.marker}" for each in left_out))[:3],
                fix=("pin the Python that they were made for", "make the file anew for this one"),
                severity=Severity.ADVICE,
            )


def _holds_elsewhere(line: RequirementLine, target: Target) -> bool:
    """Whether a marker is false for its Python only."""
    patches = platform_facts().latest_patches.values()
    return any(Target(version, target.platform).may_hold(line.marker) for version in patches)
