"""Does Render know how to ask whether a service is healthy?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.edits import quoted, replaced


def _is_web(service: Service, deployment: Deployment) -> bool:
    return service.is_web


@check(
    "health-check-path",
    Subject.SERVICE,
    applies=_is_web,
    sources=("https://render.com/docs/health-checks, 2026-11-23",),
)
def health_check_path(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """A web service says where its health is asked for, with a path that starts with a slash.

    Without it a deploy goes live as soon as the port opens, whether the application answers or not, and one that
    hangs is never restarted.

    To satisfy it, name a path that answers with 2xx or 3xx without a login::

        healthCheckPath: /health
    """
    path = service.health_check_path
    if path is None:
        yield Finding(
            "health-check-path",
            service.location,
            f"{service.name} has no healthCheckPath",
            evidence=("without one a deploy goes live as soon as its port opens, whether it answers or not",),
            fix=("add healthCheckPath with a path that answers with 2xx or 3xx, such as /health",),
        )
    elif not path.text.startswith("/"):
        message = f"the healthCheckPath of {service.name} has to start with a slash, and is {path.text!r}"
        fix, edits = (f"write healthCheckPath: /{path.text}",), replaced(path, quoted(f"/{path.text}"))
        yield Finding("health-check-path", path.location, message, fix=fix, edits=edits)
