"""Render's blueprint as typed values: https://render.com/docs/blueprint-spec."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from pytest_deploycheck.location import Location
from pytest_deploycheck.render.document import Node, Scalar, Sequence, Table, parse_document


@dataclass(frozen=True)
class BlueprintFields:
    """The values that a blueprint's fields may have.

    :param old_types: the former name of a type, and its name now
    :param types_without_runtime: those for which a runtime means nothing
    """

    types: tuple[str, ...]
    old_types: Mapping[str, str]
    types_without_runtime: tuple[str, ...]
    runtimes: tuple[str, ...]


@lru_cache(maxsize=1)
def blueprint_fields() -> BlueprintFields:
    """The table of ``fields.json``, where its source and date stand."""
    table = json.loads(files("pytest_deploycheck.render").joinpath("fields.json").read_text(encoding="utf-8"))
    return BlueprintFields(
        types=tuple(table["types"]),
        old_types=table["old_types"],
        types_without_runtime=tuple(table["types_without_runtime"]),
        runtimes=tuple(table["runtimes"]),
    )


@dataclass(frozen=True)
class EnvironmentVariable:
    """One variable of a service or of a group.

    :param value: as the blueprint gives it; None where it comes from elsewhere: the dashboard, a database, a service
    """

    key: str
    value: Scalar | None
    location: Location


@dataclass(frozen=True)
class Service:
    """One entry of ``services``, as far as it could be understood.

    :param name: unique in the blueprint, and fit for a node id; the name given, wherever that is
    :param given_name: as the blueprint has it
    :param location: where the entry begins
    :param runtime: under its old name ``env`` too
    :param environment: by key, those of its groups too; its own go before theirs
    :param fields: the entry itself, with every field as it is written
    """

    name: str
    location: Location
    fields: Table
    given_name: Scalar | None = None
    type: Scalar | None = None
    runtime: Scalar | None = None
    build_command: Scalar | None = None
    health_check_path: Scalar | None = None
    root_dir: Scalar | None = None
    environment: Mapping[str, EnvironmentVariable] = field(default_factory=dict)

    @property
    def is_native_python(self) -> bool:
        """Whether Render itself installs a Python for it."""
        return self.runtime is not None and self.runtime.text == "python"

    @property
    def is_web(self) -> bool:
        """Whether it answers HTTP requests with a process of its own."""
        static = self.runtime is not None and self.runtime.text == "static"
        return self.type is not None and self.type.text == "web" and not static


@dataclass(frozen=True)
class Blueprint:
    """A blueprint.

    :param path: relative to the root of the repository
    :param services: those of projects' environments too, in the order of the file
    :param has_other_resources: whether there are databases or groups of variables
    :param oddities: what stands where services should, and is none; each with a sentence
    """

    path: str
    services: tuple[Service, ...]
    has_other_resources: bool = False
    oddities: tuple[tuple[Location, str], ...] = ()


def parse_blueprint(content: bytes, path: str) -> Blueprint:
    """Read a blueprint.

    :param path: as locations have it
    :raises pytest_deploycheck.render.document.DocumentError: it is no mapping in YAML
    """
    document = parse_document(content, path)
    entries = [(entry, _groups(scope)) for scope in _scopes(document) for entry in scope.mappings("services")]
    names: dict[str, int] = {}
    others = any(any(scope.mappings(kind)) for scope in _scopes(document) for kind in ("databases", "envVarGroups"))
    oddities = tuple(oddity for scope in _scopes(document) for oddity in _oddities(scope.get("services")))
    return Blueprint(path, tuple(_service(entry, groups, names) for entry, groups in entries), others, oddities)


def _oddities(services: Node | None) -> Iterator[tuple[Location, str]]:
    if services is None or (isinstance(services, Scalar) and services.value is None):
        return
    if not isinstance(services, Sequence):
        yield services.location, "services has to be a list"
        return
    for entry in services:
        if not isinstance(entry, Table):
            yield entry.location, "a service has to be a mapping with a type and a name"


def _scopes(document: Table) -> Iterator[Table]:
    """Where resources stand: references are resolved within one of these."""
    yield document
    ungrouped = document.get("ungrouped")
    if isinstance(ungrouped, Table):
        yield ungrouped
    for project in document.mappings("projects"):
        yield from project.mappings("environments")


_Variables = dict[str, EnvironmentVariable]


def _groups(scope: Table) -> dict[str, _Variables]:
    """The variables of each group of variables, by the group's name."""
    return {
        name.text: dict(_variables(group))
        for group in scope.mappings("envVarGroups")
        if (name := group.scalar("name")) is not None
    }


def _variables(owner: Table) -> Iterator[tuple[str, EnvironmentVariable]]:
    for entry in owner.mappings("envVars"):
        key = entry.scalar("key")
        if key is not None:
            yield key.text, EnvironmentVariable(key.text, entry.scalar("value"), entry.location)


def _service(entry: Table, groups: Mapping[str, _Variables], names: dict[str, int]) -> Service:
    environment: _Variables = {}
    for variable in entry.mappings("envVars"):
        group = variable.scalar("fromGroup")
        environment.update(groups.get(group.text, {}) if group else {})
    environment.update(_variables(entry))
    name = entry.scalar("name")
    return Service(
        name=_item_name(name.text if name else "", names),
        location=entry.location,
        fields=entry,
        given_name=name,
        type=entry.scalar("type"),
        runtime=entry.scalar("runtime") or entry.scalar("env"),
        build_command=entry.scalar("buildCommand"),
        health_check_path=entry.scalar("healthCheckPath"),
        root_dir=entry.scalar("rootDir"),
        environment=environment,
    )


def _item_name(name: str, names: dict[str, int]) -> str:
    """``name``, or ``name#2`` for the second of that name: pytest takes ``::`` and ``[`` in a node id apart."""
    usable = " ".join(name.replace("::", ":").replace("[", "(").replace("]", ")").split()) or "unnamed"
    names[usable] = names.get(usable, 0) + 1
    return usable if names[usable] == 1 else f"{usable}#{names[usable]}"
