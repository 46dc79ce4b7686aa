"""Is what a service starts among what its build installs?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.checks.start_command import is_started_python
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, NothingToDecide, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.resolution.result import Outcome, Resolution
from pytest_deploycheck.sources.pylock_names import is_pylock

if TYPE_CHECKING:
    from pytest_deploycheck.sources.start.start import Start


@dataclass(frozen=True)
class _Need:
    """A distribution without which a command fails.

    :param what: the program, or what it is told to use
    :param distributions: any of them has it
    """

    what: str
    distributions: tuple[str, ...]
    start: Start
    location: Location


@check(
    "start-program",
    Subject.SERVICE,
    applies=is_started_python,
    sources=("https://render.com/docs/troubleshooting-deploys, 2026-11-23",),
)
def start_program(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The programs that a service starts, and runs before a deploy, are distributions that its build installs.

    A server that is installed on one's own machine and missing from the requirements file is not there on Render:
    `gunicorn: command not found`. What pip would install is known from the resolution of what the build installs.

    To satisfy it, add the program's distribution to what the build installs::

        buildCommand: pip install -r requirements.txt gunicorn
    """
    needs = list(_needs(service, deployment))
    if not needs:
        return
    if reason := _not_known(service, deployment):
        raise NothingToDecide(f"what the build of {service.name} installs is not known: {reason}")
    resolutions = deployment.resolutions_of(service)
    for resolution in resolutions:
        if resolution.outcome is not Outcome.OK:
            raise NothingToDecide(f"{resolution.source} does not resolve: {resolution.message}")
    for need in needs:
        yield from _missing(service, need, resolutions)


def _needs(service: Service, deployment: Deployment) -> Iterator[_Need]:
    from pytest_deploycheck.sources.start.program import program_facts

    facts = program_facts()
    for line in filter(None, (service.pre_deploy_command, service.start_command)):
        for start in deployment.started.of_line(service, line):
            command = start.command
            if start.program is not None and start.program.distributions:
                yield _Need(command.program, start.program.distributions, start, command.location)
                worker = start.options.value(start.program.worker_class)
                if worker is not None and worker.text in facts.worker_classes:
                    yield _Need(worker.text, facts.worker_classes[worker.text], start, worker.location)
            elif _is_django(start, deployment):
                yield _Need("manage.py", facts.manage.distributions, start, command.location)
            for wrapper in command.wrappers:
                for row in facts.named(wrapper.partition(" ")[0]):
                    yield _Need(row.name, row.distributions, start, command.location)


def _is_django(start: Start, deployment: Deployment) -> bool:
    """Whether it runs a ``manage.py`` that imports Django."""
    located = deployment.started.located(start)
    module = located.module if located is not None and located.path.endswith("manage.py") else None
    return module is not None and any("django" in line for line in module.source.lines)


def _not_known(service: Service, deployment: Deployment) -> str:
    """Why there may be more than what is resolved; empty where there is not."""
    build = deployment.build(service)
    several = (
        *(f"`{each.command}`" for each in build.unread),
        *(f"`{each}`" for each in build.installs.unknown),
        *(f"`{each.text}` is not followed" for each in build.commands.not_followed),
        *(f"`{each}` runs only under a condition" for each in build.left_out),
        *(each for installation in build.installations for each in installation.unknown),
        *(f"`{each.install}`" for each in build.installations if each.file is None),
        *(f"`{start.command}` installs more" for start in _installing(service, deployment)),
        *(
            f"`uv run` installs more than `{each.project.command}`"
            for each in build.locks
            if _is_synced(service, deployment)
        ),
    )
    if several:
        return several[0]
    # With the option that names requirements, or without a build command, it is not said what this service installs.
    return "" if any(service in source.services for source in deployment.sources) else "its build installs nothing"


def _installing(service: Service, deployment: Deployment) -> Iterator[Start]:
    """Commands that install something just before the start."""
    for start in deployment.started.commands(service):
        if start.command.program in ("pip", "pip3", "uv", "poetry", "pipenv", "apt-get"):
            yield start


def _is_synced(service: Service, deployment: Deployment) -> bool:
    """Whether something is started by ``uv run``, which first installs what a plain ``uv sync`` does."""
    started = deployment.started.commands(service)
    return any(wrapper.startswith("uv run") for start in started for wrapper in start.command.wrappers)


def _missing(service: Service, need: _Need, resolutions: tuple[Resolution, ...]) -> Iterator[Finding]:
    installed = {each.name for resolution in resolutions for each in resolution.distributions}
    if not installed.isdisjoint(need.distributions):
        return
    may_be_direct = any(each.is_direct for resolution in resolutions for each in resolution.distributions)
    optional = need.start.command.is_conditional or need.start.command.is_tolerated
    sources = tuple(dict.fromkeys(each.source for each in resolutions))
    looked_at = tuple(
        f"{each.source} on {each.target.name}: of its {len(each.distributions)} distributions none is "
        f"{' or '.join(need.distributions)}"
        for each in resolutions
    )
    is_certain = not (may_be_direct or optional) and bool(resolutions)
    yield Finding(
        "start-program",
        need.location,
        f"{service.name} starts {need.what}, and nothing installs {' or '.join(need.distributions)}",
        evidence=looked_at,
        fix=(f"add {need.distributions[0]} to {_edited(sources[0]) if sources else 'its requirements'}",),
        severity=Severity.ERROR if is_certain else Severity.ADVICE,
    )


def _edited(source: str) -> str:
    """What is changed by hand for a source: of a lock, what it is made from."""
    is_lock = source.endswith(".lock") or is_pylock(source)
    return f"what {source} is made from, and lock anew" if is_lock else source
