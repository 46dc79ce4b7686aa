"""Can the blueprint be read, and does it say what there is?"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Blueprint, Database, EnvVarGroup, Service
from pytest_deploycheck.render.fault import Fault
from pytest_deploycheck.render.validation import Subject as Entry
from pytest_deploycheck.render.validation import entry_faults
from pytest_deploycheck.render.variables import Neighbours, value_faults

# The fields that say what a service is: the check of all services has their errors, and not that of each.
_IDENTITY = frozenset({"type", "name", "runtime", "env"})


@check(
    "syntax",
    Subject.BLUEPRINT,
    sources=("https://render.com/docs/blueprint-spec, 2026-11-24", "https://yaml.org/spec/1.2.2/, 2026-11-24"),
)
def syntax(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """The blueprint can be read.

    Render reads YAML 1.2. What it cannot read it does not deploy, and no other check of the blueprint can be made.

    To satisfy it, write one mapping, in UTF-8, without tabs, and quote what begins with ``*``, ``&``, ``@`` or
    ``%``::

        services:
          - type: cron
            schedule: "*/5 * * * *"
    """
    error = deployment.blueprint_error
    if isinstance(error, CannotCheck):
        raise error
    if error is not None:
        column = f" (column {error.location.column})"
        yield Finding("syntax", error.location, f"{error.message}{column}")


def readable(blueprint: Blueprint | None, deployment: Deployment) -> Blueprint:
    """The blueprint, for the checks that need it.

    :raises NothingToDecide: it cannot be read, which is the finding of the check of its syntax
    """
    if blueprint is None:
        raise NothingToDecide(f"the blueprint cannot be read: {deployment.blueprint_error}")
    return blueprint


def _is_read(blueprint: Blueprint | None, deployment: Deployment) -> bool:
    return blueprint is not None


@check(
    "document",
    Subject.BLUEPRINT,
    applies=_is_read,
    sources=("https://render.com/docs/blueprint-spec, 2026-11-24",),
)
def document(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """The fields beside services, databases and groups are known, and have the values that Render takes.

    A field that Render does not know makes it refuse the whole blueprint. One that is near no known one may be newer
    than the list here, and is advice, as are old spellings.

    To satisfy it, write what the reference has::

        previews:
          generation: automatic
        services: []
    """
    faults = _document_faults(readable(blueprint, deployment))
    return findings("document", (each for each in faults if _list_name(each) not in _LISTS))


_LISTS = frozenset({"services", "databases", "envVarGroups"})


def _list_name(fault: Fault) -> str:
    """The list that a fault is about, at the top level or in an environment."""
    return fault.field.rpartition(".")[2]


def _document_faults(blueprint: Blueprint) -> Iterator[Fault]:
    return entry_faults(blueprint.document, "document", Entry("the blueprint"))


@check(
    "services",
    Subject.BLUEPRINT,
    sources=("https://render.com/docs/blueprint-spec, 2026-11-24",),
)
def services(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """Every service has a name of its own, and a known type and runtime.

    A name tells Render which service is meant from one deploy to the next, so it stands in one place of the file
    only. What the type and the runtime are decides which other fields there are.

    To satisfy it::

        services:
          - type: web
            name: api
            runtime: python
    """
    blueprint = readable(blueprint, deployment)
    odd = [each for each in _document_faults(blueprint) if _list_name(each) == "services"]
    yield from findings("services", odd)
    if not (blueprint.services or odd or blueprint.databases or blueprint.groups):
        yield Finding("services", Location(blueprint.path), "the blueprint has no services")
    yield from findings("services", _named_twice("service", blueprint.services))
    for service in blueprint.services:
        yield from findings("services", filter(_is_of_identity, deployment.service_faults[service.name]))


@check(
    "fields",
    Subject.SERVICE,
    sources=(
        "https://render.com/docs/blueprint-spec, 2026-11-24",
        "https://render.com/schema/render.yaml.json, 2026-09-05",
    ),
)
def fields(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The service's fields are known, may stand there, and have the values that Render takes.

    Render refuses a blueprint with an unknown field, a value of another type, or a field of another kind of service.
    One that only has no effect, an old spelling, and what may be newer than the list here are advice.

    To satisfy it, write what the reference has, where it has it::

        services:
          - type: worker
            name: jobs
            runtime: python
            autoDeployTrigger: checksPass
    """
    return findings("fields", itertools.filterfalse(_is_of_identity, deployment.service_faults[service.name]))


def _is_of_identity(fault: Fault) -> bool:
    return fault.is_certain and fault.field in _IDENTITY


@check(
    "references",
    Subject.SERVICE,
    sources=("https://render.com/docs/blueprint-spec, 2026-11-24", "https://render.com/docs/free, 2026-11-25"),
)
def references(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """What the variables of a service refer to is in the blueprint, in the same environment, and has what they take.

    References are resolved within one environment, and each kind of resource has its own properties. What is not in
    the blueprint has to be in the workspace already, which no file says: that is advice.

    To satisfy it, name a resource of the same environment, its type, and what it has::

        envVars:
          - key: REDIS_URL
            fromService: {name: cache, type: keyvalue, property: connectionString}
    """
    return findings("references", deployment.references.faults(service))


def _has_databases(blueprint: Blueprint | None, deployment: Deployment) -> bool:
    return blueprint is not None and _is_listed(blueprint, "databases")


def _has_groups(blueprint: Blueprint | None, deployment: Deployment) -> bool:
    return blueprint is not None and _is_listed(blueprint, "envVarGroups")


def _is_listed(blueprint: Blueprint, name: str) -> bool:
    return any(scope.fields.get(name) is not None for scope in blueprint.scopes)


@check(
    "databases",
    Subject.BLUEPRINT,
    applies=_has_databases,
    sources=("https://render.com/docs/blueprint-spec, 2026-11-24",),
)
def databases(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """Every database has a name of its own, and fields and values that Render takes.

    An entry of ``databases`` is Postgres, and has fields of its own: neither a type nor variables.

    To satisfy it::

        databases:
          - name: shop
            plan: basic-256mb
            postgresMajorVersion: "17"
    """
    blueprint = readable(blueprint, deployment)
    yield from _resources("databases", "databases", "database", blueprint, blueprint.databases)


@check(
    "groups",
    Subject.BLUEPRINT,
    applies=_has_groups,
    sources=(
        "https://render.com/docs/blueprint-spec, 2026-11-24",
        "https://render.com/docs/configure-environment-variables, 2026-11-25",
    ),
)
def groups(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """Every group of variables has a name of its own, and variables that need no other resource and are no secrets.

    A group cannot refer to anything, and its values are read by all who can read the repository. For those the same
    holds as for the variables of a service: see ``variables``.

    To satisfy it, keep settings in it, and let secrets be generated or given in the dashboard::

        envVarGroups:
          - name: settings
            envVars:
              - {key: LOG_LEVEL, value: info}
              - {key: SECRET_KEY, generateValue: true}
    """
    blueprint = readable(blueprint, deployment)
    yield from _resources("groups", "envVarGroups", "group", blueprint, blueprint.groups)
    # Which services use a group, and of what runtime, differs: what is on localhost is in doubt.
    around = Neighbours(deployment.references.services, deployment.references.databases, in_group=True)
    for group in blueprint.groups:
        yield from findings("groups", value_faults(group.fields, group.name, around))


def _resources(
    check_name: str, list_name: str, owner: str, blueprint: Blueprint, resources: tuple[Database | EnvVarGroup, ...]
) -> Iterator[Finding]:
    """
    :param owner: what each of them is, by the table of fields
    """
    yield from findings(check_name, (each for each in _document_faults(blueprint) if _list_name(each) == list_name))
    yield from findings(check_name, _named_twice(owner, resources))
    for resource in resources:
        yield from findings(check_name, entry_faults(resource.fields, owner, Entry(resource.name)))


def _named_twice(called: str, resources: Iterable[Service | Database | EnvVarGroup]) -> Iterator[Fault]:
    """https://render.com/docs/blueprint-spec: no resource may be defined in more than one place of the file."""
    first: dict[str, Location] = {}
    for resource in resources:
        name = resource.given_name
        if name is not None and name.text in first:
            message = f"there is a {called} {name.text} already, in line {first[name.text].line}"
            yield Fault(name.location, message, ("give one of them another name",), field="name")
        elif name is not None and name.text.strip():
            first[name.text] = name.location


def findings(check_name: str, faults: Iterable[Fault]) -> Iterator[Finding]:
    """Faults of a blueprint as findings of a check."""
    for fault in faults:
        severity = Severity.ERROR if fault.is_certain else Severity.ADVICE
        yield Finding(check_name, fault.location, fault.message, fault.evidence, fault.fix, severity, fault.edits)
