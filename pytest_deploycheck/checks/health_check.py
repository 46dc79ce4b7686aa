"""Does Render know how to ask whether a service is healthy, and is it answered?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.checks.start_command import is_started_python
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.render.edits import quoted, replaced
from pytest_deploycheck.render.spelling import KnownNames

if TYPE_CHECKING:
    from pytest_deploycheck.sources.python.routes.table import Route, RouteTable

# Paths that are there to be asked for health, by their last part.
_HEALTH = re.compile(
    r"/(health|healthz|healthcheck|health[-_]check|ping|ready|readyz|readiness|live|livez|liveness|status|up)/?"
)

# One without parts that are filled in.
_ONE_PATH = re.compile(r"/[\w./~-]*")

_SOME_PATH = "add healthCheckPath with a path that answers with 2xx or 3xx, such as /health"


def _is_web(service: Service, deployment: Deployment) -> bool:
    return service.is_web


@check(
    "health-check-path",
    Subject.SERVICE,
    applies=_is_web,
    sources=("https://render.com/docs/health-checks, 2026-11-23",),
)
def health_check_path(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """A web service says where its health is asked for, with a path that starts with a slash and that it answers.

    Without it a deploy goes live as soon as the port opens, whether the application answers or not, and one that
    hangs is never restarted. Where the application's routes can be read, the path is looked for among them.

    To satisfy it, name a path that answers with 2xx or 3xx without a login::

        healthCheckPath: /health
    """
    path = service.health_check_path
    if path is None:
        route = _known_route(service, deployment)
        known = f"add healthCheckPath: {route.path}, which {route.location} answers" if route else _SOME_PATH
        yield Finding(
            "health-check-path",
            service.location,
            f"{service.name} has no healthCheckPath",
            evidence=("without one a deploy goes live as soon as its port opens, whether it answers or not",),
            fix=(known,),
            edits=_added(route, service, deployment) if route else (),
        )
    elif not path.text.startswith("/"):
        message = f"the healthCheckPath of {service.name} has to start with a slash, and is {path.text!r}"
        fix, edits = (f"write healthCheckPath: /{path.text}",), replaced(path, quoted(f"/{path.text}"))
        yield Finding("health-check-path", path.location, message, fix=fix, edits=edits)
    else:
        yield from _unanswered(service, path, deployment)


def _tables(service: Service, deployment: Deployment) -> list[RouteTable | None]:
    """The tables of routes of what listens; None for one that is not known."""
    command = service.start_command
    if command is None or not is_started_python(service, deployment):
        return []
    if deployment.commands(service, command).not_followed:
        return [None]
    started = deployment.started
    return [started.routes(each) for each in started.commands(service) if not each.listens_never]


def _known_route(service: Service, deployment: Deployment) -> Route | None:
    """The one to ask for health."""
    tables = _tables(service, deployment)
    gets = list(tables[0].certain_gets()) if len(tables) == 1 and tables[0] is not None else []
    likely = [*filter(_is_for_health, gets), *(each for each in gets if each.path == "/")]
    return likely[0] if likely else None


def _added(route: Route, service: Service, deployment: Deployment) -> tuple[Edit, ...]:
    if any(KnownNames(("healthCheckPath",)).meant(each) for each in service.fields.entries):
        return ()  # It is there, misspelt, and is mended by another name.
    if deployment.blueprint_text is None or not _ONE_PATH.fullmatch(route.path):
        return ()
    return deployment.blueprint_text.with_entry(service.fields, "healthCheckPath", quoted(route.path))


def _is_for_health(route: Route) -> bool:
    return _HEALTH.fullmatch(f"/{route.path.rstrip('/').rpartition('/')[2]}") is not None


def _unanswered(service: Service, path: Scalar, deployment: Deployment) -> Iterator[Finding]:
    """What the code certainly does not answer."""
    from pytest_deploycheck.sources.python.routes.table import Reply

    tables = _tables(service, deployment)
    if len(tables) != 1 or tables[0] is None:
        return
    table = tables[0]
    replied = table.reply(path.text)
    if replied.reply is Reply.NOTHING:
        message = f"no route of {service.name} answers {path.text}, so its health checks fail"
        evidence = (f"all routes that {table.framework} has there are known{_shown(table.routes)}",)
        likely = _answering(table, path.text)
        fix = _answered_by(likely, table, path)
        is_sure = bool(likely) and _ONE_PATH.fullmatch(likely[0].path) is not None
        edits = replaced(path, quoted(likely[0].path)) if is_sure else ()
        yield Finding("health-check-path", path.location, message, evidence, fix, edits=edits)
    elif replied.reply is Reply.OTHER_METHODS and replied.route is not None:
        methods = ", ".join(sorted(replied.route.methods or ()))
        message = f"{path.text} of {service.name} is answered by {methods} only, and health checks ask by GET"
        evidence = (f"{replied.route.location}: {replied.route.path}",)
        yield Finding("health-check-path", path.location, message, evidence, ("let the route answer GET, too",))


def _shown(routes: tuple[Route, ...]) -> str:
    shown = [each.path for each in routes if each.is_certain]
    return f": {', '.join(shown[:5])}{', ...' if len(shown) > 5 else ''}" if shown else ""


def _answering(table: RouteTable, asked: str) -> list[Route]:
    """The routes that may be meant: those for health, else those whose path ends as the one that is asked for."""
    gets = list(table.certain_gets())
    likely = list(filter(_is_for_health, gets))
    return likely + [each for each in gets if each.path.rstrip("/").endswith(asked.rstrip("/"))]


def _answered_by(likely: list[Route], table: RouteTable, path: Scalar) -> tuple[str, ...]:
    """A route that answers, or any."""
    nearest = (likely or list(table.certain_gets()))[:1]
    instead = tuple(f"write healthCheckPath: {each.path}, which {each.location} answers" for each in nearest)
    return instead if likely else (f"add a route for {path.text}", *instead)
