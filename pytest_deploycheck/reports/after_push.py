"""What is left to look at once a service was deployed: nothing in the repository can tell it."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.render.blueprint import ValueFrom
from pytest_deploycheck.reports.amounts import counted
from pytest_deploycheck.reports.markdown import code, prose
from pytest_deploycheck.reports.run import Resolved, Run, ServiceEntry
from pytest_deploycheck.resolution.result import Outcome


def to_verify(service: ServiceEntry, run: Run) -> Iterator[str]:
    """One sentence each, in the order in which it can be seen."""
    yield from _variables(service)
    yield from _build(service, run)
    if service.pre_deploy_command:
        yield f"{code(service.pre_deploy_command)} ran before the deploy, and ended without an error."
    yield from _started(service)


def _variables(service: ServiceEntry) -> Iterator[str]:
    """Before a build even begins: those that only the dashboard has."""
    by_hand = [each.key for each in service.variables if each.comes_from is ValueFrom.DASHBOARD]
    if by_hand:
        verb = "has a value" if len(by_hand) == 1 else "have values"
        yield f"In the dashboard {', '.join(map(code, by_hand))} {verb}."


def _build(service: ServiceEntry, run: Run) -> Iterator[str]:
    if service.python is not None and service.python.version:
        yield f"The build log says that Python {prose(service.python.version)} is used."
    for resolved in run.resolved:
        if service.name in resolved.place.services:
            yield _installed(resolved)


def _installed(resolved: Resolved) -> str:
    resolution, path = resolved.resolution, code(resolved.place.source.path)
    if resolution.outcome is not Outcome.OK:
        return f"What the build installs from {path} could not be foreseen: read its log to the end."
    built = [f"{each.name} {each.version}" for each in resolved.sdists]
    count = counted(len(resolution.distributions), "distribution")
    what = ", ".join(map(code, built)) or "none of them"
    return f"The build log says `Successfully installed` with the {count} of {path}, and builds {what}."


def _started(service: ServiceEntry) -> Iterator[str]:
    if service.runtime == "static":
        yield "Its address, as the dashboard gives it, shows the new state."
        return
    if service.start_command:
        yield f"The log shows {code(service.start_command)} running, and no second start within five minutes."
    if service.type == "web":
        yield _answering(service.health_check_path)
    elif service.type == "cron":
        yield "Its next run ended without an error."


def _answering(path: str) -> str:
    if not path:
        return "Its address answers: there is no health check that would have kept a broken deploy from going live."
    command = f"curl --fail --silent --show-error --output /dev/null https://ADDRESS{path}"
    return f"{code(command)} ends without an error, where ADDRESS is the one that the dashboard gives."
