"""Could a build write where Rust's tools write?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.python_version import is_native_python
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.resolution.result import Distribution

# https://doc.rust-lang.org/cargo/reference/environment-variables.html, https://rust-lang.github.io/rustup/environment-variables.html
HOMES = ("CARGO_HOME", "RUSTUP_HOME")


@check("build-home", Subject.SERVICE, applies=is_native_python)
def build_home(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """CARGO_HOME and RUSTUP_HOME point to a writable place."""
    wrong = [(name, reason) for name in HOMES if (reason := _reason(name, service, deployment))]
    if not wrong:
        return
    in_need = _compiled_with_rust(service, deployment)
    need = [f"{each.file.filename} would be compiled with Rust" for each in in_need]
    folder = platform_facts().writable_folders[0]
    for name, reason in wrong:
        variable = service.environment.get(name)
        place = f"{folder}/.{name.removesuffix('_HOME').lower()}"
        yield Finding(
            "build-home",
            variable.location if variable else service.location,
            f"{name} of {service.name} {reason}",
            evidence=tuple(need) or ("nothing here needs Rust now; the day that something does, the build fails",),
            fix=(f"add {name} with value: {place} to its envVars",),
            severity=Severity.ERROR if in_need else Severity.ADVICE,
        )


def _reason(name: str, service: Service, deployment: Deployment) -> str | None:
    """Why a home cannot be written to; None where it can."""
    variable = service.environment.get(name)
    if variable is not None and variable.value is None:
        return "is set outside the blueprint, so it cannot be known here"
    said = variable.value.text if variable and variable.value else deployment.build_command(service).environment.get(name)
    if said is None:
        return "is not set, and where it is by default cannot be written to"
    # What a shell would expand cannot be judged here, and nobody writes it without a folder of his own in mind.
    return None if "$" in said or platform_facts().is_writable(said) else f"is {said}, which cannot be written to"


def _compiled_with_rust(service: Service, deployment: Deployment) -> list[Distribution]:
    resolutions = deployment.resolutions_of(service)
    return [each for found in resolutions for each in found.distributions if "Rust" in each.needs]
