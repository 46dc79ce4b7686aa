"""Which Python would a service get?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.render.python_version import Origin, ServicePython


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
        )
    elif python.origin is Origin.DEFAULT:
        yield _unpinned(service, python)


def _unpinned(service: Service, python: ServicePython) -> Finding:
    assumed = "assumed, since deploycheck_service_created is not set" if python.created_is_assumed else "as set"
    pin = python.version or platform_facts().newest_default
    known = f"is {python.version}" if python.version else "is given by no document"
    return Finding(
        "python-version",
        service.location,
        f"nothing pins the Python of {service.name}: the default of a service created on {python.created} {known}",
        evidence=(f"the day of creation is {assumed}",),
        fix=(
            f'in its envVars, set PYTHON_VERSION with value: "{pin}", which keeps the one it would get today',
            f"write {pin} into .python-version at the root of the repository, for all services",
        ),
        severity=Severity.ADVICE,
    )
