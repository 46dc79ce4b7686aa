"""Does a plan come with what is asked for?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from pytest_deploycheck.checks.blueprint import readable
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Blueprint, Database, Service
from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.render.validation import service_subject

_FREE = "free"


def _is_free(resource: Service | Database) -> bool:
    plan = resource.fields.scalar("plan")
    return plan is not None and plan.text.strip().casefold() == _FREE


def _has_plan(service: Service, deployment: Deployment) -> bool:
    """Whether it names one; that a static site has none the table of fields says, and of a workflow it is not known."""
    kind = service_subject(service.fields, service.name).kind
    has_plans = kind is not None and kind.name != "static" and not kind.is_open
    return has_plans and service.fields.scalar("plan") is not None


@check(
    "plan",
    Subject.SERVICE,
    applies=_has_plan,
    sources=("https://render.com/docs/free, 2026-11-25", "https://render.com/docs/blueprint-spec, 2026-11-24"),
)
def plan(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The plan is one that such a service can have, and comes with what the service asks for.

    Only web services and Key Value instances can be free, and a free service has no disk, one instance, and no
    command before its deploys. Where one asks for more, Render refuses the whole blueprint, so no other service is
    deployed.

    To satisfy it, pay for what the service needs, or do without::

        plan: starter
        disk: {name: data, mountPath: /var/data, sizeGB: 1}
    """
    given = service.fields.scalar("plan")
    kind = service_subject(service.fields, service.name).kind
    if given is None or kind is None or not _is_free(service):
        return
    if kind.name not in platform_facts().free_plan.kinds:
        message = f"{service.name} is {kind.called}, which has no plan free"
        yield Finding("plan", given.location, message, fix=("write plan: starter",))
    elif kind.name == "web":
        yield from _lacking(service)


def _lacking(service: Service) -> Iterator[Finding]:
    """What a free service asks for and does not get."""
    free = platform_facts().free_plan
    for name, asked in free.lacks.items():
        entry = service.fields.entries.get(name)
        if entry is not None and not (isinstance(entry.value, Scalar) and entry.value.value is None):
            yield _not_free(service, name, asked, entry.key.location)
    count = service.fields.scalar("numInstances")
    if count is not None and isinstance(count.value, int) and count.value > free.most_instances:
        yield _not_free(service, "numInstances", "more than one instance", count.location)


def _not_free(service: Service, name: str, asked: str, location: Location) -> Finding:
    message = f"{service.name} is free and has {name}: {asked} needs a paid plan"
    return Finding("plan", location, message, fix=("write plan: starter", f"leave {name} out"))


def _has_free_resources(blueprint: Blueprint | None, deployment: Deployment) -> bool:
    return blueprint is not None and any(
        itertools.chain(map(_is_free, blueprint.databases), map(_is_free, _key_values(blueprint)))
    )


def _key_values(blueprint: Blueprint) -> tuple[Service, ...]:
    return tuple(each for each in blueprint.services if each.type and each.type.text in ("keyvalue", "redis"))


@check(
    "free-plans",
    Subject.BLUEPRINT,
    applies=_has_free_resources,
    sources=("https://render.com/docs/free, 2026-11-25",),
)
def free_plans(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """At most one database and one Key Value instance are free, and no database is that has to last.

    A workspace has one of each for free: Render refuses the second one, and with it the blueprint. A free database
    expires 30 days after it was made and is deleted with its data 14 days later, which is advice: it may be a trial.

    To satisfy it, pay for the database::

        databases:
          - name: shop
            plan: basic-256mb
    """
    blueprint = readable(blueprint, deployment)
    databases = [each for each in blueprint.databases if _is_free(each)]
    yield from _second("database", databases)
    yield from _second("Key Value instance", [each for each in _key_values(blueprint) if _is_free(each)])
    for database in databases:
        yield _expiring(database)


def _second(called: str, free: Sequence[Database | Service]) -> Iterator[Finding]:
    for each in free[1:]:
        plan = each.fields.scalar("plan")
        message = f"{each.name} is a second free {called}, and a workspace can have one: {free[0].name} is free already"
        yield Finding(
            "free-plans",
            plan.location if plan is not None else each.location,
            message,
            fix=("give one of them a paid plan, or let the services share one",),
        )


def _expiring(database: Database) -> Finding:
    facts = platform_facts().free_plan
    return Finding(
        "free-plans",
        database.plan.location if database.plan is not None else database.location,
        f"{database.name} is a free database, which expires {facts.database_days} days after it was made",
        evidence=(f"{facts.grace_days} days later it is deleted, with all that is in it",),
        fix=("write plan: basic-256mb, or another that is paid for",),
        severity=Severity.ADVICE,
    )
