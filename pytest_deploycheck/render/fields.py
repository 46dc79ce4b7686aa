"""The fields that a blueprint may have, read from ``fields.json``, where each one's source and date stand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from pytest_deploycheck.render.spelling import KnownNames


@dataclass(frozen=True)
class Source:
    """Where a fact was read.

    :param date: ``YYYY-MM-DD``
    """

    url: str
    date: str


@dataclass(frozen=True)
class Values:
    """The values that a text may have.

    :param is_open: whether Render adds to them, so that one that is not known here may be right
    :param is_loose: whether capitals, blanks, dashes and underscores make no difference
    :param old: a former value, and its value now
    :param unverified: no document confirms them, and people use them
    :param foreign: values that people write and Render has never had, and what to do instead
    """

    known: tuple[str, ...]
    is_open: bool = False
    is_loose: bool = False
    old: Mapping[str, str] = field(default_factory=dict)
    unverified: tuple[str, ...] = ()
    foreign: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def spelling(self) -> KnownNames:
        """To find what was meant."""
        return KnownNames(self.known)


@dataclass(frozen=True)
class Exclusion:
    """A field that cannot stand beside another.

    :param above: it may, up to this number
    :param is_certain: whether Render refuses both, or only passes one of them over
    """

    field: str
    because: str
    above: int | None = None
    is_certain: bool = True


@dataclass(frozen=True)
class Field:
    """A field of one owner, as far as it holds for some traits of a service.

    :param type: ``text``, ``integer``, ``boolean``, ``scalar`` for any of them, ``list`` or ``mapping``
    :param of: what a mapping is, or the entries of a list: the name of an owner, or ``text``
    :param minimum: of a number, or of the length of a list; as ``maximum``
    :param step: above 1 a number is a multiple of it
    :param pattern: what a text matches as a whole; ``expected`` says so in words
    :param form: what a text is written as: ``network``
    :param on: the traits of services that have it; empty: all
    :param meant_for: those for which it does something; empty: all of ``on``
    :param required: True for every entry, or the traits of the services for which it is
    :param required_without: it is required where this field is not there
    :param alone: nothing else may stand beside it
    :param replaced_by: what to write now; empty unless it is deprecated
    :param now: what to write now in place of each of its values, where that differs
    :param is_renamed: whether its value stays the same under the new name
    :param is_unique: of a list, whether each name should stand there once
    :param example: a value, for those who have to add the field
    :param advised_against: why it should not stand here, though Render takes it
    :param instead: what to do then
    """

    name: str
    type: str
    source: Source
    of: str = ""
    values: Values | None = None
    minimum: int | None = None
    maximum: int | None = None
    step: int = 1
    pattern: str = ""
    expected: str = ""
    form: str = ""
    on: frozenset[str] = frozenset()
    meant_for: frozenset[str] = frozenset()
    required: frozenset[str] | bool = False
    required_without: str = ""
    alone: bool = False
    excludes: tuple[Exclusion, ...] = ()
    replaced_by: str = ""
    now: Mapping[str, str] = field(default_factory=dict)
    is_renamed: bool = False
    is_unique: bool = False
    example: str = ""
    advised_against: str = ""
    instead: str = ""

    def is_required(self, traits: frozenset[str]) -> bool:
        """Whether an entry with these traits needs it."""
        return self.required if isinstance(self.required, bool) else bool(self.required & traits)


@dataclass(frozen=True)
class AnyOf:
    """Fields of which one has to be there.

    :param without: the rule holds where this field is not there
    :param is_certain: whether Render refuses an entry without any
    :param is_exclusive: whether it refuses an entry with two
    """

    fields: tuple[str, ...]
    without: str = ""
    is_certain: bool = True
    is_exclusive: bool = False


@dataclass(frozen=True)
class Owner:
    """What has fields: the document, a service, a disk.

    :param called: with its article, as messages have it
    :param named_by: the field that tells one of them from the next
    :param fields: by name; several of one name hold for different traits
    :param foreign: keys that people write and Render refuses, and what to do instead
    """

    called: str
    named_by: str
    fields: Mapping[str, tuple[Field, ...]]
    foreign: Mapping[str, str]
    any_of: AnyOf | None = None

    @cached_property
    def spelling(self) -> KnownNames:
        """To find which field was meant."""
        return KnownNames(self.fields)

    @cached_property
    def required(self) -> tuple[Field, ...]:
        """Those that some or all entries need."""
        return tuple(each for rows in self.fields.values() for each in rows if each.required or each.required_without)


@dataclass(frozen=True)
class Kind:
    """What a service is, by its type and its runtime: a static site is of type web.

    :param is_open: whether too little is documented to say which fields it has
    """

    name: str
    types: tuple[str, ...]
    runtimes: tuple[str, ...]
    called: str
    is_open: bool = False


@dataclass(frozen=True)
class BlueprintFields:
    """The whole table.

    :param traits: a name for several kinds or runtimes
    :param number_variables: environment variables that are a number, and the least and the greatest
    :param properties: those of each kind of service, and of ``database``, that a variable can take its value from
    """

    owners: Mapping[str, Owner]
    values: Mapping[str, Values]
    kinds: tuple[Kind, ...]
    traits: Mapping[str, frozenset[str]]
    number_variables: Mapping[str, tuple[int, int]]
    provided_names: frozenset[str]
    provided_prefixes: tuple[str, ...]
    properties: Mapping[str, tuple[str, ...]]

    def kind(self, type_: str, runtime: str) -> Kind | None:
        """The kind of a service, None for an unknown type."""
        kinds = (each for each in self.kinds if type_ in each.types)
        return next((each for each in kinds if not each.runtimes or runtime in each.runtimes), None)

    def traits_of(self, kind: Kind, runtime: str) -> frozenset[str]:
        """All that can be said of a service of a kind: the kind, the runtime, and the groups that hold them."""
        own = frozenset((kind.name, runtime))
        return own | {name for name, members in self.traits.items() if members & own}

    def is_provided(self, variable: str) -> bool:
        """Whether Render itself sets an environment variable."""
        return variable in self.provided_names or variable.startswith(self.provided_prefixes)


@lru_cache(maxsize=1)
def blueprint_fields() -> BlueprintFields:
    """The table."""
    table = json.loads(files("pytest_deploycheck.render").joinpath("fields.json").read_text(encoding="utf-8"))
    sources = {name: Source(each["url"], each["date"]) for name, each in table["sources"].items()}
    values = {name: _values(each) for name, each in table["values"].items()}
    provided = table["provided_variables"]
    return BlueprintFields(
        owners={name: _owner(each, values, sources) for name, each in table["owners"].items()},
        values=values,
        kinds=tuple(_kind(each) for each in table["kinds"]),
        traits={name: frozenset(members) for name, members in table["traits"].items()},
        number_variables={name: (each["min"], each["max"]) for name, each in table["variables"].items()},
        provided_names=frozenset(provided["names"]),
        provided_prefixes=tuple(provided["prefixes"]),
        properties={name: tuple(each) for name, each in table["referenced_properties"].items() if name != "source"},
    )


def _kind(row: Mapping[str, Any]) -> Kind:
    return Kind(row["kind"], tuple(row["type"]), tuple(row.get("runtime", ())), row["called"], row.get("open", False))


def _values(row: Mapping[str, Any]) -> Values:
    return Values(
        known=tuple(row["of"]),
        is_open=row.get("open", False),
        is_loose=row.get("loose", False),
        old=row.get("old", {}),
        unverified=tuple(row.get("unverified", ())),
        foreign=row.get("foreign", {}),
    )


def _owner(row: Mapping[str, Any], values: Mapping[str, Values], sources: Mapping[str, Source]) -> Owner:
    fields: dict[str, tuple[Field, ...]] = {}
    for each in row["fields"]:
        fields[each["name"]] = (*fields.get(each["name"], ()), _field(each, values, sources))
    rule = row.get("any_of")
    any_of = rule and AnyOf(
        tuple(rule["fields"]), rule.get("without", ""), rule["certain"], rule.get("exclusive", False)
    )
    return Owner(row.get("called", ""), row.get("named_by", ""), fields, row.get("foreign", {}), any_of)


def _field(row: Mapping[str, Any], values: Mapping[str, Values], sources: Mapping[str, Source]) -> Field:
    required = row.get("required", False)
    return Field(
        name=row["name"],
        type=row["type"],
        source=sources[row.get("source", "spec")],
        of=row.get("of", ""),
        values=values[row["values"]] if "values" in row else None,
        minimum=row.get("min"),
        maximum=row.get("max"),
        step=row.get("step", 1),
        pattern=row.get("pattern", ""),
        expected=row.get("expected", ""),
        form=row.get("form", ""),
        on=frozenset(row.get("on", ())),
        meant_for=frozenset(row.get("meant_for", ())),
        required=required if isinstance(required, bool) else frozenset(required),
        required_without=row.get("required_without", ""),
        alone=row.get("alone", False),
        excludes=tuple(_exclusions(row.get("excludes", ()))),
        replaced_by=row.get("replaced_by", ""),
        now=row.get("now", {}),
        is_renamed=row.get("same", False),
        is_unique=row.get("unique", False),
        example=row.get("example", ""),
        advised_against=row.get("advised_against", ""),
        instead=row.get("instead", ""),
    )


def _exclusions(rows: Iterable[Mapping[str, Any]]) -> Iterable[Exclusion]:
    return (Exclusion(row["field"], row["because"], row.get("above"), row.get("certain", True)) for row in rows)
