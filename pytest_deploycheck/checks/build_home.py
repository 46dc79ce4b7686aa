"""Could a build write where Rust's tools write?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_deploycheck.checks.gitignore import ignoring, pattern_of
from pytest_deploycheck.checks.python_version import is_native_python
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding, NothingToDecide, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.resolution.result import Distribution, Outcome

# https://doc.rust-lang.org/cargo/reference/environment-variables.html, https://rust-lang.github.io/rustup/environment-variables.html
HOMES = ("CARGO_HOME", "RUSTUP_HOME")


@check(
    "build-home",
    Subject.SERVICE,
    applies=is_native_python,
    sources=(
        "https://doc.rust-lang.org/cargo/guide/cargo-home.html, 2026-11-23",
        "https://render.com/docs/native-environments, 2026-11-23",
    ),
)
def build_home(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """CARGO_HOME and RUSTUP_HOME point to a writable place.

    Rust's tools write to these folders, and where they are by default a build cannot write: the incident that this
    plugin comes from ended with ``Read-only file system (os error 30)``. It is an error where something would be
    compiled with Rust, else advice.

    To satisfy it, put them below the project::

        envVars:
          - {key: CARGO_HOME, value: /opt/render/project/.cargo}
          - {key: RUSTUP_HOME, value: /opt/render/project/.rustup}
    """
    wrong: dict[str, list[str]] = {}
    for name in HOMES:
        if reason := _reason(name, service, deployment):
            wrong.setdefault(reason, []).append(name)
    if not wrong:
        return
    resolutions = deployment.resolutions_of(service)
    for resolution in resolutions:
        if resolution.outcome is not Outcome.OK:
            raise NothingToDecide(f"{resolution.source} does not resolve: {resolution.message}")
    in_need = [each for found in resolutions for each in found.distributions if "Rust" in each.needs]
    for reason, names in wrong.items():
        finding = _finding(service, names, reason, in_need, is_known=bool(resolutions))
        yield replace(finding, edits=_edits(service, names, deployment))


def _home(name: str) -> str:
    """Where a home can be."""
    return f"{platform_facts().writable_folders[0]}/.{name.removesuffix('_HOME').lower()}"


def _edits(service: Service, names: list[str], deployment: Deployment) -> tuple[Edit, ...]:
    """The variables, and the folders in .gitignore, which the next run would ask for."""
    if deployment.blueprint_text is None:
        return ()
    variables = deployment.blueprint_text.with_variables(service, {name: _home(name) for name in names})
    lines = [pattern_of(_home(name), deployment.builds.directory(service)) for name in names]
    return (*variables, *ignoring(lines, deployment)) if variables else ()


def _finding(
    service: Service, names: list[str], reason: str, in_need: list[Distribution], *, is_known: bool
) -> Finding:
    variables = (service.environment.get(name) for name in names)
    places = (f"{name} with value: {_home(name)}" for name in names)
    need = tuple(f"{each.file.filename} would be compiled with Rust" for each in in_need)
    known = "nothing that it installs needs Rust now; the day that something does, the build fails"
    harmless = known if is_known else "what it installs is not known here; where that needs Rust, the build fails"
    return Finding(
        "build-home",
        next((each.location for each in variables if each), service.location),
        f"{service.name}: {' and '.join(names)} {'is' if len(names) == 1 else 'are'} {reason}",
        evidence=need or (harmless,),
        fix=(f"in its envVars, set {' and '.join(places)}",),
        severity=Severity.ERROR if in_need else Severity.ADVICE,
    )


def _reason(name: str, service: Service, deployment: Deployment) -> str | None:
    """Why a home cannot be written to; None where it can."""
    variable = service.environment.get(name)
    if variable is not None and variable.value is None:
        return "set outside the blueprint, so what it is cannot be known here"
    by_command = deployment.build(service).environment(name)
    said = by_command if variable is None else variable.text
    if said is None:
        return "not set, and the default place cannot be written to"
    # What a shell would expand cannot be judged here, and nobody writes it without a folder of his own in mind.
    return None if "$" in said or platform_facts().is_writable(said) else f"set to {said}, which cannot be written to"
