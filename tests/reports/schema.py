"""Schemas, and reports held against them."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema

SARIF = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
PUBLISHED = json.loads((files("pytest_deploycheck.reports") / "schema-1.json").read_text(encoding="utf-8"))


def closed(schema: Any) -> Any:
    """The same schema, which refuses every key that it does not list."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {**inner, "additionalProperties": False} if isinstance(inner.get("properties"), dict) else inner


def assert_sarif(log: Any) -> None:
    """A valid log."""
    jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(log)


def assert_report(report: Any) -> None:
    """A report of schema 1, with nothing in it that the published schema keeps quiet about."""
    validator = jsonschema.Draft202012Validator
    validator.check_schema(PUBLISHED)
    validator(closed(PUBLISHED), format_checker=jsonschema.FormatChecker()).validate(report)
