"""docs/checks.md says of each check what it asserts, why, and what to do; it is made of what stands with the checks."""

from __future__ import annotations

import re
import runpy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_deploycheck.checks.built_in import checks
from pytest_deploycheck.checks.registry import Check, Subject

DOCS = Path(__file__).parents[2] / "docs"
ALL = [each for subject in Subject for each in checks(subject)]
_SOURCE = re.compile(r"https://\S+, (\d{4}-\d{2}-\d{2})")


@pytest.fixture(scope="module")
def generator() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "generate.py"))


def test_the_page_is_what_the_checks_say(generator: dict[str, Any]) -> None:
    written = (DOCS / "checks.md").read_text(encoding="utf-8")
    assert written == generator["page"](), "run: .venv/bin/python docs/generate.py"


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)
def test_nothing_is_missing_of_a_check(check: Check, generator: dict[str, Any]) -> None:
    said = generator["documented"](check)
    assert said.summary.endswith(".")
    assert said.summary == check.summary
    assert len(said.why.split()) >= 10, "the docstring says why"
    assert said.how.startswith("To satisfy it"), "the docstring says how"
    assert said.example, "the docstring shows how"
    assert check.sources, "the decorator names a source"
    for source in check.sources:
        match = _SOURCE.fullmatch(source)
        assert match, source
        assert date.fromisoformat(match[1]) >= date(2026, 1, 1)


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)
def test_an_example_of_a_blueprint_can_be_read(check: Check, generator: dict[str, Any]) -> None:
    example = generator["documented"](check).example
    if generator["_language"](example) == "yaml":
        assert isinstance(yaml.safe_load(example), dict)


def test_the_readme_leads_to_the_page() -> None:
    assert "docs/checks.md" in (DOCS.parent / "README.md").read_text(encoding="utf-8")
