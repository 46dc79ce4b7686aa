"""Render's blueprint as typed values: https://render.com/docs/blueprint-spec."""

from __future__ import annotations

import enum
import itertools
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pytest_deploycheck.location import Location
from pytest_deploycheck.named import Named
from pytest_deploycheck.render.document import Scalar, Table


@dataclass(frozen=True)
class Scope:
    """A part of the blueprint that lists resources.

    :param name: as messages have it: ``the top level``, ``ungrouped``, ``production of shop``
    :param fields: what lists them
    :param owner: what that is, by the table of fields
    :param number: what tells it from a scope of the same name
    """

    name: str
    fields: Table
    owner: str
    number: int = 0

    @property
    def is_environment(self) -> bool:
        """Whether it is an environment of a project; which one the others' resources are in, no file says."""
        return self.owner == "environment"


class ValueFrom(enum.Enum):
    """Where an environment variable has its value from."""

    LITERAL = "value"
    GENERATED = "generateValue"
    DASHBOARD = "sync"
    DATABASE = "fromDatabase"
    SERVICE = "fromService"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reference:
    """A resource that something takes a value from.

    :param type: of a service, as the reference gives it
    :param property: what of the resource, such as ``connectionString``
    :param variable: which of its environment variables
    """

    name: Scalar
    type: Scalar | None = None
    property: Scalar | None = None
    variable: Scalar | None = None


@dataclass(frozen=True, repr=False)
class EnvironmentVariable:
    """One variable of a service or of a group.

    :param value: as the blueprint gives it; None where it comes from elsewhere: the dashboard, a database, a service
    :param comes_from: where that is
    :param reference: the database or service, where it is one of them
    :param group: the group that it is listed in, empty for one of the service's own
    """

    key: str
    value: Scalar | None
    location: Location
    comes_from: ValueFrom = ValueFrom.LITERAL
    reference: Reference | None = None
    group: str = ""

    @property
    def text(self) -> str | None:
        """The value as it is written, perhaps empty; None where it comes from elsewhere."""
        return None if self.value is None else self.value.text

    def __repr__(self) -> str:
        return f"<variable {self.key}, {self.location}>"


@dataclass(frozen=True, repr=False)
class Service:
    """One entry of ``services``, as far as it could be understood.

    :param name: unique in the blueprint, and fit for a node id; the name given, wherever that is
    :param given_name: as the blueprint has it
    :param location: where the entry begins
    :param runtime: under its old name ``env`` too
    :param environment: by key, those of its groups too; its own go before theirs
    :param fields: the entry itself, with every field as it is written
    :param groups: the names of the groups that it uses
    :param scope: where it is listed
    """

    name: str
    location: Location
    fields: Table
    given_name: Scalar | None = None
    type: Scalar | None = None
    runtime: Scalar | None = None
    build_command: Scalar | None = None
    start_command: Scalar | None = None
    pre_deploy_command: Scalar | None = None
    health_check_path: Scalar | None = None
    root_dir: Scalar | None = None
    environment: Mapping[str, EnvironmentVariable] = field(default_factory=dict)
    groups: tuple[Scalar, ...] = ()
    scope: Scope | None = None

    @property
    def folder(self) -> str:
        """Where its commands run, relative to the root of the repository, ``.`` for the root itself."""
        return posixpath.normpath(self.root_dir.text.strip().strip("/") or ".") if self.root_dir else "."

    @property
    def values(self) -> dict[str, str | None]:
        """Its variables, None where the value is not in the blueprint."""
        return {name: each.value.text if each.value is not None else None for name, each in self.environment.items()}

    @property
    def is_native_python(self) -> bool:
        """Whether Render itself installs a Python for it."""
        return self.runtime is not None and self.runtime.text == "python"

    @property
    def is_web(self) -> bool:
        """Whether it answers HTTP requests with a process of its own."""
        static = self.runtime is not None and self.runtime.text == "static"
        return self.type is not None and self.type.text == "web" and not static

    def get(self, field: str) -> Scalar | None:
        """The value of a field under its name in the blueprint, such as ``region``; None where it has no single one."""
        return self.fields.scalar(field)

    def __repr__(self) -> str:
        return f"<{f'{self.type} ' if self.type else ''}service {self.name}, {self.location}>"


class Services(Named[Service]):
    """The services of a blueprint, in its order: ``services["api"]``, ``services.of_type("web")``."""

    kind = "service"

    def of_type(self, *types: str) -> Services:
        """Those of one of these types, as the blueprint has them: ``web``, ``pserv``, ``worker``, ``cron``, ..."""
        return Services(each for each in self if each.type in types)

    def of_runtime(self, *runtimes: str) -> Services:
        """Those with one of these runtimes: ``python``, ``docker``, ``static``, ..."""
        return Services(each for each in self if each.runtime in runtimes)


@dataclass(frozen=True, repr=False)
class Database:
    """One entry of ``databases``.

    :param name: as the blueprint has it, ``unnamed`` where it has none
    :param replicas: the names of its read replicas, which can be referred to as it can
    """

    name: str
    location: Location
    fields: Table
    given_name: Scalar | None = None
    plan: Scalar | None = None
    replicas: tuple[Scalar, ...] = ()
    scope: Scope | None = None

    def __repr__(self) -> str:
        return f"<database {self.name}, {self.location}>"


class Databases(Named[Database]):
    """The databases of a blueprint: ``databases["main"]``."""

    kind = "database"


@dataclass(frozen=True, repr=False)
class EnvVarGroup:
    """One entry of ``envVarGroups``.

    :param name: as the blueprint has it, ``unnamed`` where it has none
    :param environment: its variables by key
    """

    name: str
    location: Location
    fields: Table
    given_name: Scalar | None = None
    environment: Mapping[str, EnvironmentVariable] = field(default_factory=dict)
    scope: Scope | None = None

    def __repr__(self) -> str:
        return f"<group {self.name}, {self.location}>"


class EnvVarGroups(Named[EnvVarGroup]):
    """The groups of variables of a blueprint: ``groups["shared"]``."""

    kind = "group"


@dataclass(frozen=True, repr=False)
class Blueprint:
    """A blueprint.

    :param path: relative to the root of the repository
    :param document: all of it, as it is written
    :param scopes: the top level first, then as in the file
    :param services: those of projects' environments too, in the order of the file; as databases and groups
    """

    path: str
    document: Table
    scopes: tuple[Scope, ...]
    services: Services
    databases: Databases = field(default_factory=Databases)
    groups: EnvVarGroups = field(default_factory=EnvVarGroups)

    def __repr__(self) -> str:
        return f"<blueprint {self.path}>"


def parse_blueprint(content: bytes, path: str) -> Blueprint:
    """Read a blueprint.

    :param path: as locations have it
    :raises pytest_deploycheck.render.document.DocumentError: it is no mapping in YAML
    """
    from pytest_deploycheck.render.parsing import (
        parse_document,  # PyYAML takes long, and not everybody has a blueprint.
    )

    document = parse_document(content, path)
    scopes = tuple(_scopes(document))
    groups = EnvVarGroups(_group(entry, scope) for scope in scopes for entry in scope.fields.mappings("envVarGroups"))
    in_scope = {scope.number: _groups_seen_from(scope, groups) for scope in scopes}
    names: dict[str, int] = {}
    return Blueprint(
        path,
        document,
        scopes,
        services=Services(
            _service(entry, scope, in_scope[scope.number], names)
            for scope in scopes
            for entry in scope.fields.mappings("services")
        ),
        databases=Databases(
            _database(entry, scope) for scope in scopes for entry in scope.fields.mappings("databases")
        ),
        groups=groups,
    )


def _scopes(document: Table) -> Iterator[Scope]:
    numbers = itertools.count(1)
    yield Scope("the top level", document, "document")
    ungrouped = document.get("ungrouped")
    if isinstance(ungrouped, Table):
        yield Scope("ungrouped", ungrouped, "ungrouped", next(numbers))
    for project in document.mappings("projects"):
        for environment in project.mappings("environments"):
            name = f"{_name(environment)} of {_name(project)}"
            yield Scope(name, environment, "environment", next(numbers))


def _name(entry: Table) -> str:
    name = entry.scalar("name")
    return name.text if name and name.text.strip() else "unnamed"


def _group(entry: Table, scope: Scope) -> EnvVarGroup:
    name = _name(entry)
    return EnvVarGroup(name, entry.location, entry, entry.scalar("name"), dict(_variables(entry, name)), scope)


def _groups_seen_from(scope: Scope, groups: tuple[EnvVarGroup, ...]) -> dict[str, EnvVarGroup]:
    """By name: those of the scope itself, then those of no environment, which any service may use.

    https://render.com/docs/configure-environment-variables#environment-groups
    """
    of_all = {group.name: group for group in groups if group.scope is not None and not group.scope.is_environment}
    return of_all | {group.name: group for group in groups if group.scope is scope}


def _database(entry: Table, scope: Scope) -> Database:
    replicas = (each.scalar("name") for each in entry.mappings("readReplicas"))
    return Database(
        name=_name(entry),
        location=entry.location,
        fields=entry,
        given_name=entry.scalar("name"),
        plan=entry.scalar("plan"),
        replicas=tuple(name for name in replicas if name is not None),
        scope=scope,
    )


def _variables(owner: Table, group: str = "") -> Iterator[tuple[str, EnvironmentVariable]]:
    for entry in owner.mappings("envVars"):
        key = entry.scalar("key")
        if key is not None:
            comes_from = _comes_from(entry)
            reference = _reference(entry.get(comes_from.value))
            value = entry.scalar("value")
            yield key.text, EnvironmentVariable(key.text, value, entry.location, comes_from, reference, group)


def _comes_from(entry: Table) -> ValueFrom:
    return next((each for each in ValueFrom if _is_given(entry, each)), ValueFrom.UNKNOWN)


def _is_given(entry: Table, origin: ValueFrom) -> bool:
    value = entry.get(origin.value)
    if not isinstance(value, Scalar):
        return value is not None
    # `sync: true` and `generateValue: false` say nothing.
    expected = {ValueFrom.DASHBOARD: False, ValueFrom.GENERATED: True}.get(origin)
    return value.value is not None if expected is None else value.value is expected


def _reference(value: object) -> Reference | None:
    name = value.scalar("name") if isinstance(value, Table) else None
    if name is None or not isinstance(value, Table):
        return None
    return Reference(name, value.scalar("type"), value.scalar("property"), value.scalar("envVarKey"))


def _service(entry: Table, scope: Scope, groups: Mapping[str, EnvVarGroup], names: dict[str, int]) -> Service:
    used = tuple(name for each in entry.mappings("envVars") if (name := each.scalar("fromGroup")) is not None)
    environment: dict[str, EnvironmentVariable] = {}
    for group in used:
        if group.text in groups:
            environment.update(groups[group.text].environment)
    environment.update(_variables(entry))
    name = entry.scalar("name")
    return Service(
        name=_item_name(name.text if name is not None else "", names),
        location=entry.location,
        fields=entry,
        given_name=name,
        type=entry.scalar("type"),
        runtime=entry.scalar("env") if (runtime := entry.scalar("runtime")) is None else runtime,
        build_command=entry.scalar("buildCommand"),
        start_command=entry.scalar("startCommand"),
        pre_deploy_command=entry.scalar("preDeployCommand"),
        health_check_path=entry.scalar("healthCheckPath"),
        root_dir=entry.scalar("rootDir"),
        environment=environment,
        groups=used,
        scope=scope,
    )


def _item_name(name: str, names: dict[str, int]) -> str:
    """``name``, or ``name#2`` for the second of that name: pytest takes ``::`` and ``[`` in a node id apart."""
    printable = "".join(each if each.isprintable() else " " for each in name)
    usable = " ".join(printable.replace("::", ":").replace("[", "(").replace("]", ")").split()) or "unnamed"
    names[usable] = names.get(usable, 0) + 1
    return usable if names[usable] == 1 else f"{usable}#{names[usable]}"
