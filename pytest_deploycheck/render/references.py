"""What a blueprint's services take from other resources: is it there, and does it have that?

A resource need not be in the blueprint, if it is in the workspace already: what is not found is in doubt only.
https://render.com/docs/blueprint-spec#referencing-values-from-other-services
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from pytest_deploycheck.render.blueprint import (
    Blueprint,
    Database,
    EnvVarGroup,
    Reference,
    Scope,
    Service,
    ValueFrom,
)
from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.render.fault import Fault
from pytest_deploycheck.render.fields import Kind, blueprint_fields
from pytest_deploycheck.render.spelling import KnownNames

_R = TypeVar("_R", Service, Database, EnvVarGroup)

_IN_WORKSPACE = "what is not in the blueprint has to be in the workspace already"
# https://github.com/render-oss/skills/blob/main/skills/render-blueprints/references/field-reference.md, 2026-08-18
_WITHIN_ENVIRONMENT = "a blueprint's references are resolved within one environment"


class _Named(Generic[_R]):
    """Resources of one kind by name."""

    def __init__(self, called: str, resources: Sequence[tuple[str, _R]]) -> None:
        self.called = called
        self._by_name: dict[str, list[_R]] = {}
        for name, resource in resources:
            self._by_name.setdefault(name, []).append(resource)
        self._spelling = KnownNames(self._by_name, slips=1)

    def find(self, name: Scalar, scope: Scope | None, user: str) -> tuple[_R | None, Fault | None]:
        """The resource that a name means in a scope, and what is wrong with that."""
        found = self._by_name.get(name.text, [])
        seen = next((each for each in found if each.scope is scope), None) or next(
            (each for each in found if _is_seen(each.scope, scope)), None
        )
        if seen is not None:
            return seen, None
        if found:
            where = found[0].scope.name if found[0].scope else ""
            message = f"{user} refers to {self.called} {name.text}, which is in {where}"
            return None, Fault(name.location, message, ("define it in the same environment",), (_WITHIN_ENVIRONMENT,))
        near = self._spelling.meant(name.text)
        message = f"{user} refers to {self.called} {name.text}, which is not in the blueprint"
        fix = (f"write {near}",) if near else ()
        return None, Fault(name.location, message, fix, (_IN_WORKSPACE,), is_certain=False)


def _is_seen(there: Scope | None, here: Scope | None) -> bool:
    """Whether two scopes may share an environment: what the top level lists may be in any, as far as a file says."""
    return there is None or here is None or not (there.is_environment and here.is_environment)


class References:
    """The resources of a blueprint, and what its services take from them."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._services = _Named("the service", [(s.given_name.text, s) for s in blueprint.services if s.given_name])
        replicas = [(name.text, each) for each in blueprint.databases for name in each.replicas]
        databases = [(each.given_name.text, each) for each in blueprint.databases if each.given_name]
        self._databases = _Named("the database", [*databases, *replicas])
        self._groups = _Named("the group", [(g.given_name.text, g) for g in blueprint.groups if g.given_name])
        self.services = {each.given_name.text: each for each in blueprint.services if each.given_name}
        self.databases = tuple(each for each in blueprint.databases if each.given_name)

    def groups_of(self, service: Service) -> Iterator[EnvVarGroup]:
        """The groups that a service uses, those that are in the blueprint, in its order."""
        found = (self._groups.find(each, service.scope, service.name)[0] for each in service.groups)
        return (each for each in found if each is not None)

    def faults(self, service: Service) -> Iterator[Fault]:
        """What is wrong with the references of a service."""
        for group in service.groups:
            _, fault = self._groups.find(group, service.scope, service.name)
            if fault is not None:
                yield fault
        for variable in service.environment.values():
            reference = variable.reference
            if reference is None or variable.group:
                continue
            user = f"{variable.key} of {service.name}"
            if variable.comes_from is ValueFrom.DATABASE:
                yield from self._of_database(reference, service, user)
            else:
                yield from self._of_service(reference, service, user)

    def _of_database(self, reference: Reference, service: Service, user: str) -> Iterator[Fault]:
        fault = self._databases.find(reference.name, service.scope, user)[1]
        if fault is None:
            return
        other = self._services.find(reference.name, service.scope, user)[0]
        if other is None:
            yield fault
        else:
            message = f"{user} refers to the database {reference.name.text}, which is a service"
            type_ = f", and type: {other.type.text}" if other.type else ""
            yield Fault(reference.name.location, message, (f"write fromService in place of fromDatabase{type_}",))

    def _of_service(self, reference: Reference, service: Service, user: str) -> Iterator[Fault]:
        other, fault = self._services.find(reference.name, service.scope, user)
        if fault is not None and self._databases.find(reference.name, service.scope, user)[0] is not None:
            message = f"{user} refers to the service {reference.name.text}, which is a database"
            yield Fault(reference.name.location, message, ("write fromDatabase in place of fromService, without type",))
            return
        if fault is not None:
            yield fault
        if other is not None and other.type is not None and reference.type is not None:
            yield from _type(reference.type, other, user)
        yield from _property(reference, other, user)
        yield from _unreachable(reference, other, user)
        if other is not None and reference.variable is not None:
            yield from _variable(reference.variable, other, self._groups, user)


def _type(given: Scalar, other: Service, user: str) -> Iterator[Fault]:
    kind = _kind(other)
    known = blueprint_fields().values["referenced types"]
    if kind is None or given.text in (*kind.types, kind.name) or given.text not in (*known.known, *known.old):
        return
    message = f"{user} calls {other.name} {given.text}, and its type is {kind.types[0]}"
    yield Fault(given.location, message, (f"write type: {kind.types[0]}",))


def _kind(service: Service) -> Kind | None:
    runtime = service.runtime.text if service.runtime is not None else ""
    return blueprint_fields().kind(service.type.text, runtime) if service.type else None


def _property(reference: Reference, other: Service | None, user: str) -> Iterator[Fault]:
    """Whether that kind of service has a property; whether it is one at all is what the table of fields says."""
    fields = blueprint_fields()
    kind = _kind(other) if other else fields.kind(reference.type.text, "") if reference.type else None
    wanted = reference.property
    if wanted is None or kind is None or kind.name not in fields.properties:
        return
    if wanted.text in fields.properties[kind.name] or wanted.text not in fields.values["service properties"].known:
        return
    there = ", ".join(fields.properties[kind.name])
    fix = f"write one of {there}" if there else "it cannot be reached by others: take a value from another service"
    message = f"{user} takes {wanted.text} of {reference.name.text}, {kind.called}, which has no such property"
    yield Fault(wanted.location, message, (fix,))


def _unreachable(reference: Reference, other: Service | None, user: str) -> Iterator[Fault]:
    """https://render.com/docs/free: a free web service sends requests over the private network, and gets none."""
    plan, wanted = (other.fields.scalar("plan") if other else None), reference.property
    if other is None or not other.is_web or wanted is None or plan is None or plan.text.casefold() != "free":
        return
    message = f"{user} takes the private address of {other.name}, a free web service, which cannot be reached there"
    fix = ("write envVarKey: RENDER_EXTERNAL_URL in place of property, which is its public address",)
    yield Fault(wanted.location, message, (*fix, f"give {other.name} a paid plan"), is_certain=False)


def _variable(wanted: Scalar, other: Service, groups: _Named[EnvVarGroup], user: str) -> Iterator[Fault]:
    """A variable may also have been set in the dashboard, or come from a group that is not in the blueprint."""
    if wanted.text in other.environment or blueprint_fields().is_provided(wanted.text):
        return
    if any(groups.find(each, other.scope, user)[1] for each in other.groups):
        return
    near = KnownNames(other.environment, slips=1).meant(wanted.text)
    message = f"{user} takes {wanted.text} of {other.name}, which has no such variable in the blueprint"
    fix = (f"write {near}",) if near else ()
    evidence = ("a variable that the blueprint does not set has to be set in the dashboard",)
    yield Fault(wanted.location, message, fix, evidence, is_certain=False)
