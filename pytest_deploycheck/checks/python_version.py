"""Which Python would a service get?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.render.python_version import VARIABLE, Mistake, Origin, ServicePython


def is_native_python(service: Service, deployment: Deployment) -> bool:
    """Whether Render installs a Python for a service."""
    return service.is_native_python


@check("python-version", Subject.SERVICE, applies=is_native_python)
def python_version(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The Python is pinned, fully qualified, and one that Render has."""
    python = deployment.python_of(service)
    if python.mistake is not None:
        yield Finding(
            "python-version",
            python.location or service.location,
            f"{service.name}: {python.mistake.message}",
            fix=(python.mistake.fix,),
            severity=Severity.ERROR if python.mistake.refused else Severity.ADVICE,
            edits=_meant(service, python.mistake, deployment),
        )
    elif python.origin is Origin.DEFAULT:
        yield _unpinned(service, python, deployment)


def _meant(service: Service, mistake: Mistake, deployment: Deployment) -> tuple[Edit, ...]:
    """What the variable was to be, where that is sure."""
    return python_edits(service, mistake.meant, deployment) if mistake.meant else ()


def python_edits(service: Service, version: str, deployment: Deployment) -> tuple[Edit, ...]:
    """The edits with which a service gets a Python: in its variable, or in the file that all services share."""
    python = deployment.python_of(service)
    if python.origin is Origin.FILE and python.location is not None:
        return deployment.python_version_edits(python.location, version)
    return deployment.blueprint_text.with_variables(service, {VARIABLE: version}) if deployment.blueprint_text else ()


def _asked_for(deployment: Deployment) -> str | None:
    """The one Python that this run is about, where the user named it."""
    if not deployment.settings.targets:
        return None
    pythons = {place.target.python for source in deployment.sources for place in deployment.targets_of(source)}
    return pythons.pop() if len(pythons) == 1 else None


def _unpinned(service: Service, python: ServicePython, deployment: Deployment) -> Finding:
    assumed = "assumed, since deploycheck_service_created is not set" if python.created_is_assumed else "as set"
    asked_for = _asked_for(deployment)
    pin = asked_for or python.version or platform_facts().newest_default
    what = "as this run has it" if asked_for else "which keeps the one it would get today"
    known = f"is {python.version}" if python.version else "is given by no document"
    return Finding(
        "python-version",
        service.location,
        f"nothing pins the Python of {service.name}: the default of a service created on {python.created} {known}",
        evidence=(f"the day of creation is {assumed}",),
        fix=(
            f'in its envVars, set PYTHON_VERSION with value: "{pin}", {what}',
            f"write {pin} into .python-version at the root of the repository, for all services",
        ),
        severity=Severity.ADVICE,
        edits=python_edits(service, pin, deployment),
    )
