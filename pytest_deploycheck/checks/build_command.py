"""Does the build command install what the service needs, and as it should?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.python_version import is_native_python
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.sources.build_command import BuildCommand, PipInstall

_INSTALL = "pip install -r requirements.txt"


@check("build-command", Subject.SERVICE, applies=is_native_python)
def build_command(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """It installs the requirements, from files that are there, and each `pip install` has the flags asked for."""
    command = service.build_command
    if command is None:
        message = f"{service.name} has no buildCommand, so nothing installs its requirements"
        yield Finding("build-command", service.location, message, fix=(f"add buildCommand: {_INSTALL}",))
        return
    understood = deployment.build_command(service)
    if understood.mistake:
        message = f"the build command of {service.name} cannot be read as a shell's: {understood.mistake}"
        yield Finding("build-command", command.location, message)
        return
    yield from _without_effect(service, command, understood)
    for install in understood.installs:
        yield from _missing_files(service, command, install, deployment)
        yield from _missing_flags(service, command, understood, install, deployment)


def _without_effect(service: Service, command: Scalar, understood: BuildCommand) -> Iterator[Finding]:
    installs = [each for each in understood.installs if not each.only_upgrades_tools]
    if installs or understood.other_installers:
        return
    if understood.not_followed:
        scripts = ", ".join(understood.not_followed)
        yield Finding(
            "build-command",
            command.location,
            f"what {scripts} installs for {service.name} is not known: scripts are not followed",
            fix=("name its requirements files: --deploycheck-requirements PATH, or ini deploycheck_requirements",),
            severity=Severity.ADVICE,
        )
        return
    message = f"the build command of {service.name} installs no requirements"
    yield Finding("build-command", command.location, message, fix=(f"add {_INSTALL}",))


def _missing_files(service: Service, command: Scalar, install: PipInstall, deployment: Deployment) -> Iterator[Finding]:
    folder = deployment.service_folder(service)
    for name in install.requirement_files:
        if "$" not in name and not (folder / name).is_file():
            where = deployment.relative(folder)
            yield Finding(
                "build-command",
                command.at(install.offset),
                f"{service.name} installs {name}, and there is no such file in {'the root' if where == '.' else where}",
                fix=("add the file, or name it relative to rootDir, where the command runs",),
            )


def _missing_flags(
    service: Service, command: Scalar, understood: BuildCommand, install: PipInstall, deployment: Deployment
) -> Iterator[Finding]:
    for flag in deployment.settings.pip_flags:
        variable = f"PIP_{flag.lstrip('-').partition('=')[0].replace('-', '_').upper()}"
        if install.has_flag(flag) or variable in understood.environment or variable in service.environment:
            continue
        shown = " ".join(("pip install", *install.words))
        yield Finding(
            "build-command",
            command.at(install.offset),
            f"{service.name}: `{shown}` lacks {flag}",
            fix=(f"write pip install {flag} {' '.join(install.words)}",),
            severity=Severity.ADVICE,
        )
