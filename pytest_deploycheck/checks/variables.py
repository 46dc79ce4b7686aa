"""Are the values of environment variables such as may stand in a repository, and right on Render?"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_deploycheck.checks.blueprint import findings
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.fields import blueprint_fields
from pytest_deploycheck.render.variables import Neighbours, shadowed, value_faults


def _has_variables(service: Service, deployment: Deployment) -> bool:
    return bool(service.environment)


@check(
    "variables",
    Subject.SERVICE,
    applies=_has_variables,
    sources=("https://render.com/docs/configure-environment-variables, 2026-11-25",),
)
def variables(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """No secret and no placeholder stands in ``value:``, and no address that is right on another machine only.

    A secret in the blueprint is known to all who can read the repository, now and in its history. It is an error
    where its form shows that it is one: nothing else stops it from being pushed. The finding names the variable and
    never its value. What is only named like a secret, placeholders, and addresses that the blueprint could fill in
    are advice. A database on localhost is an error in a native runtime, where no server runs beside the service.

    To satisfy it, let the value come from where it is known::

        envVars:
          - key: API_TOKEN
            sync: false
          - key: SECRET_KEY
            generateValue: true
          - key: DATABASE_URL
            fromDatabase: {name: shop, property: connectionString}
    """
    is_native = service.runtime is not None and service.runtime.text in blueprint_fields().traits["native"]
    around = Neighbours(deployment.references.services, deployment.references.databases, has_own_servers=not is_native)
    yield from findings("variables", value_faults(service.fields, service.name, around))
    groups = deployment.references.groups_of(service)
    yield from findings("variables", shadowed(service, ((each.name, each.environment) for each in groups)))
