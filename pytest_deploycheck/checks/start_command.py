"""Does a service's start command start something that is there?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.missing_paths import missing_paths
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.checks.started_code import CHECK, code_findings
from pytest_deploycheck.checks.started_settings import settings_findings
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, NothingToDecide
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar

_STARTED = frozenset({"web", "pserv", "worker", "cron"})


def is_started_python(service: Service, deployment: Deployment) -> bool:
    """Whether Render starts it with a command, on a Python that Render installs."""
    return service.is_native_python and service.type is not None and service.type.text in _STARTED


@check(
    CHECK,
    Subject.SERVICE,
    applies=is_started_python,
    sources=(
        "https://render.com/docs/deploys, 2026-11-23",
        "https://render.com/docs/troubleshooting-deploys, 2026-11-23",
    ),
)
def start_command(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """There is a start command, and the files, modules and attributes that it names are in the repository.

    What Render cannot start ends as a deploy that fails after the build: `ModuleNotFoundError`, `can't open file`,
    `Failed to find attribute 'app'`. Code is read and never imported; what cannot be known of it is not complained of.

    To satisfy it, name a module and an attribute that are below `rootDir`::

        startCommand: gunicorn shop.wsgi:application
    """
    found = list(_findings(service, deployment))
    yield from found
    if not found and not deployment.started.has_code(service):
        repository = service.fields.scalar("repo")
        where = f"it is in {repository.text}" if repository is not None else "there is no Python in this repository"
        raise NothingToDecide(f"the code of {service.name} is not here: {where}")


def _findings(service: Service, deployment: Deployment) -> Iterator[Finding]:
    command = service.start_command
    if command is None or not command.text.strip():
        location = command.location if command is not None else service.location
        message = f"{service.name} has no startCommand, so Render does not know what to start"
        yield Finding(CHECK, location, message, fix=("add startCommand with what you start it with",))
    for line in filter(None, (service.pre_deploy_command, command)):
        yield from _of_line(service, line, deployment)


def _of_line(service: Service, line: Scalar, deployment: Deployment) -> Iterator[Finding]:
    commands = deployment.commands(service, line)
    for mistake in commands.mistakes:
        message = f"the command of {service.name} cannot be read as a shell's: {mistake.reason}"
        yield Finding(CHECK, mistake.location, message)
    if not deployment.started.has_code(service):
        return
    yield from missing_paths(CHECK, service, commands, deployment)
    if commands.mistakes or not deployment.service_folder(service).is_dir():
        return  # That there is no such folder is said of the build.
    scripts = {each.location for each in commands.scripts if not each.is_there}
    for start in deployment.started.of_line(service, line):
        if start.command.location not in scripts:
            yield from code_findings(service, start, deployment)
            yield from settings_findings(service, start, commands, deployment)
