"""Can the blueprint be read, and does it say what its services are?"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Blueprint, Service, blueprint_fields
from pytest_deploycheck.render.document import Scalar


@check("syntax", Subject.BLUEPRINT)
def syntax(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """The blueprint can be read."""
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


@check("services", Subject.BLUEPRINT)
def services(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """Every service has a name of its own, and a known type and runtime."""
    blueprint = readable(blueprint, deployment)
    for location, message in blueprint.oddities:
        yield Finding("services", location, message, fix=("write a list of mappings: - type: web",))
    if not blueprint.services and not blueprint.oddities and not blueprint.has_other_resources:
        yield Finding("services", Location(blueprint.path), "the blueprint has no services")
    names: dict[str, Location] = {}
    for service in blueprint.services:
        yield from _name(service, names)
        yield from _kind(service)


def _name(service: Service, names: dict[str, Location]) -> Iterator[Finding]:
    given = service.given_name
    if given is None or not given.text.strip():
        yield Finding("services", service.location, "a service needs a name", fix=("add name: my-service",))
    elif given.text in names:
        yield Finding(
            "services",
            given.location,
            f"there is a service {given.text} already, in line {names[given.text].line}",
            fix=("give one of them another name",),
        )
    else:
        names[given.text] = given.location


def _kind(service: Service) -> Iterator[Finding]:
    fields = blueprint_fields()
    yield from _one_of(service, "type", service.type, fields.types, old=fields.old_types)
    without_runtime = service.type is not None and service.type.text in fields.types_without_runtime
    if not without_runtime:
        yield from _one_of(service, "runtime", service.runtime, fields.runtimes)


def _one_of(
    service: Service, field: str, value: Scalar | None, known: Sequence[str], old: Collection[str] = ()
) -> Iterator[Finding]:
    if value is None:
        yield Finding(
            "services", service.location, f"{service.name} has no {field}", fix=(f"add {field}: {' | '.join(known)}",)
        )
    elif value.text not in known and value.text not in old:
        close = difflib.get_close_matches(value.text, known, n=1)
        fix = f"write {field}: {close[0]}" if close else f"write one of {', '.join(known)}"
        yield Finding("services", value.location, f"{service.name} has the unknown {field} {value.text!r}", fix=(fix,))
