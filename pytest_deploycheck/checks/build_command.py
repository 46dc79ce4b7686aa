"""Does the build command install what the service needs, and as it should?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.python_version import is_native_python
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.sources.build_command import CHANGING_VARIABLES, BuildCommand, PipInstall

_INSTALL = "pip install -r requirements.txt"
_NAME_THEM = "name its requirements files: --deploycheck-requirements PATH, or ini deploycheck_requirements"


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
    yield from _without_folder(service, deployment)
    yield from _without_effect(service, command, understood)
    for install in understood.installs:
        yield from _files(service, command, install, deployment)
        yield from _not_resolved(service, command, understood, install)
        yield from _flags(service, command, understood, install, deployment)


def _without_folder(service: Service, deployment: Deployment) -> Iterator[Finding]:
    folder = deployment.service_folder(service)
    if service.root_dir is not None and not folder.is_dir():
        message = f"the rootDir of {service.name} is {service.root_dir.text}, and there is no such folder"
        yield Finding("build-command", service.root_dir.location, message, fix=("name a folder of the repository",))


def _without_effect(service: Service, command: Scalar, understood: BuildCommand) -> Iterator[Finding]:
    installs = [each for each in understood.installs if not each.only_upgrades_tools]
    unknown = understood.other_installers or (() if installs else understood.not_followed)
    if unknown:
        programs = ", ".join(f"`{each}`" for each in unknown)
        yield Finding(
            "build-command",
            command.location,
            f"what {programs} installs for {service.name} is not known: only pip is followed",
            fix=(_NAME_THEM,),
            severity=Severity.ADVICE,
        )
    if installs or unknown:
        return
    message = f"the build command of {service.name} installs no requirements"
    yield Finding("build-command", command.location, message, fix=(f"add {_INSTALL}",))


def _files(service: Service, command: Scalar, install: PipInstall, deployment: Deployment) -> Iterator[Finding]:
    folder = deployment.service_folder(service)
    for path in install.paths:
        if not (folder / path).is_file():
            place, name = (folder / path).parent, (folder / path).name
            where = deployment.relative(place)
            yield Finding(
                "build-command",
                command.at(install.offset),
                f"{service.name} installs {name}, and there is no such file in {'the root' if where == '.' else where}",
                fix=("add the file, or name it relative to rootDir, where the command runs",),
            )


def _not_resolved(
    service: Service, command: Scalar, understood: BuildCommand, install: PipInstall
) -> Iterator[Finding]:
    """What decides on the build, and is left out of the resolution of the files that it names."""
    variables = [each for each in CHANGING_VARIABLES if each in understood.environment or each in service.environment]
    left_out = [
        *(f"the file {each}" for each in install.unknown_files),
        *(f"the option {each}" for each in install.changing_options),
        *(f"the requirement {each}" for each in install.own_projects),
        *(f"the variable {each}" for each in variables),
    ]
    if len(install.requirement_files) > 1:
        left_out.append("that its files are installed together: each is resolved alone")
    if left_out:
        yield Finding(
            "build-command",
            command.at(install.offset),
            f"{service.name}: what pip picks there also depends on what is not taken into account here",
            evidence=tuple(left_out),
            fix=("put it into a requirements file, whose options and lines all count",),
            severity=Severity.ADVICE,
        )


def _flags(
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
