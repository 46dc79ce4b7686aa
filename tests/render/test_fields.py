"""The table of fields holds together."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files

import pytest

from pytest_deploycheck.render.fields import blueprint_fields

TABLE = json.loads(files("pytest_deploycheck.render").joinpath("fields.json").read_text(encoding="utf-8"))
ROWS = [(owner, row) for owner, each in TABLE["owners"].items() for row in each["fields"]]

# What the reader reads: another key in a row would be a slip that nobody sees.
READ = {
    *("name", "type", "of", "values", "min", "max", "step", "pattern", "expected", "form", "on", "meant_for"),
    *("required", "required_without", "alone", "excludes", "replaced_by", "now", "same", "advised_against", "instead"),
    *("unique", "example", "source"),
}
TYPES = {"text", "integer", "boolean", "scalar", "list", "mapping"}


@pytest.mark.parametrize(("owner", "row"), ROWS, ids=lambda each: each if isinstance(each, str) else each["name"])
def test_a_row_says_only_what_is_read(owner: str, row: dict[str, object]) -> None:
    assert set(row) <= READ
    assert row["type"] in TYPES
    assert ("of" in row) == (row["type"] in ("list", "mapping"))
    assert row.get("of", "text") in {*TABLE["owners"], "text"}


def test_what_is_said_of_services_are_kinds_runtimes_and_groups_of_them() -> None:
    fields = blueprint_fields()
    known = {each.name for each in fields.kinds} | set(fields.traits) | set(fields.values["runtimes"].known)
    for owner in fields.owners.values():
        for rows in owner.fields.values():
            for row in rows:
                required = row.required if isinstance(row.required, frozenset) else frozenset()
                assert row.on | row.meant_for | required <= known, row.name


def test_every_fact_has_a_source_and_a_day() -> None:
    for owner in blueprint_fields().owners.values():
        for rows in owner.fields.values():
            for row in rows:
                assert row.source.url
                date.fromisoformat(row.source.date)


def test_what_excludes_and_what_names_are_fields_themselves() -> None:
    for owner in blueprint_fields().owners.values():
        assert not owner.named_by or owner.named_by in owner.fields
        assert not owner.any_of or set(owner.any_of.fields) <= set(owner.fields)
        assert not set(owner.foreign) & set(owner.fields)
        for rows in owner.fields.values():
            assert {each.field for row in rows for each in row.excludes} <= set(owner.fields)


@pytest.mark.parametrize(
    ("type_", "runtime", "kind"),
    [
        ("web", "static", "static"),
        ("web", "python", "web"),
        ("web", "", "web"),
        ("redis", "", "keyvalue"),
        ("keyvalue", "", "keyvalue"),
        ("worker", "static", "worker"),
        ("psql", "", None),
    ],
)
def test_what_a_service_is_by_its_type_and_runtime(type_: str, runtime: str, kind: str | None) -> None:
    found = blueprint_fields().kind(type_, runtime)
    assert (found and found.name) == kind


@pytest.mark.parametrize(
    ("variable", "is_provided"), [("RENDER_EXTERNAL_URL", True), ("PORT", True), ("MY_RENDER", False)]
)
def test_variables_that_render_sets(variable: str, is_provided: bool) -> None:
    assert blueprint_fields().is_provided(variable) is is_provided
