"""Edits of a blueprint: what is put in, where, and that nothing else moves."""

from __future__ import annotations

import pytest

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.fixing.file_text import FileText
from pytest_deploycheck.render.blueprint import Service, parse_blueprint
from pytest_deploycheck.render.document import Scalar, Table
from pytest_deploycheck.render.edits import BlueprintText, quoted, renamed, replaced
from pytest_deploycheck.render.parsing import parse_document


def service_of(text: str) -> Service:
    return parse_blueprint(text.encode(), "render.yaml").services[0]


def edited(text: str, edits: tuple[Edit, ...]) -> str:
    return FileText("render.yaml", text).edited(edits).text


def with_python(text: str, version: str = "3.13.4") -> str:
    """The blueprint with a Python for its first service; read again to see that it is one."""
    edits = BlueprintText("render.yaml", text).with_variables(service_of(text), {"PYTHON_VERSION": version})
    result = edited(text, edits)
    if edits:
        value = service_of(result).environment["PYTHON_VERSION"].value
        assert value is not None
        assert value.value == version
    return result


API = "services:\n  - type: web\n    name: api\n"
VARIABLE = '    envVars:\n      - key: PYTHON_VERSION\n        value: "3.13.4"\n'

BLOCK = """\
services:
  - type: web
    name: api
    # all of them
    envVars:  # here
      # the database
      - key: DATABASE_URL
        sync: false
    plan: free
"""


def test_a_variable_is_put_below_the_key_before_the_comment_of_the_first() -> None:
    added = '      - key: PYTHON_VERSION\n        value: "3.13.4"\n'
    assert with_python(BLOCK) == BLOCK.replace("  # here\n", f"  # here\n{added}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "services:\n- type: web\n  name: api\n  envVars:\n  - key: A\n    value: b\n",
            'services:\n- type: web\n  name: api\n  envVars:\n  - key: PYTHON_VERSION\n    value: "3.13.4"\n'
            "  - key: A\n    value: b\n",
        ),
        (
            "services:\n  - type: web\n    name: api\n",
            API + "    envVars:\n"
            '      - key: PYTHON_VERSION\n        value: "3.13.4"\n',
        ),
        (
            "services:\n  - type: web\n    name: api",
            API + "    envVars:\n"
            '      - key: PYTHON_VERSION\n        value: "3.13.4"',
        ),
        (
            API + "    envVars:\n    plan: free\n",
            API + "    envVars:\n"
            '      - key: PYTHON_VERSION\n        value: "3.13.4"\n    plan: free\n',
        ),
        (
            "services:\n  - type: web\n    envVars: []\n    name: api\n",
            "services:\n  - type: web\n"
            '    envVars: [{key: PYTHON_VERSION, value: "3.13.4"}]\n    name: api\n',
        ),
        (
            "services:\n  - type: web\n    envVars: [ {key: A, value: b} ]\n    name: api\n",
            "services:\n  - type: web\n"
            '    envVars: [{key: PYTHON_VERSION, value: "3.13.4"},  {key: A, value: b} ]\n    name: api\n',
        ),
        (
            "services: [{type: web, name: api}]\n",
            'services: [{envVars: [{key: PYTHON_VERSION, value: "3.13.4"}], type: web, name: api}]\n',
        ),
        (
            API + "    buildCommand: |\n      pip install x\n\n      true\n",
            API + VARIABLE + "    buildCommand: |\n      pip install x\n\n      true\n",
        ),
        (
            API + "    envVars:\n      - key: PYTHON_VERSION\n        value: 3.10\n",
            API + VARIABLE,
        ),
        (
            API + "    envVars:\n      - key: PYTHON_VERSION\n        value: '3.1'  # x\n",
            API + "    envVars:\n      - key: PYTHON_VERSION\n"
            '        value: "3.13.4"  # x\n',
        ),
    ],
)  # fmt: skip
def test_a_variable_is_put_where_the_service_has_its_own(before: str, after: str) -> None:
    assert with_python(before) == after


@pytest.mark.parametrize(
    "text",
    [
        # What several services share is no service's own.
        "x-all: &all\n  - key: A\n    value: b\nservices:\n  - type: web\n    name: api\n    envVars: *all\n",
        API + "    envVars: &all\n      - key: A\n        value: b\n",
        "x-b: &b\n  envVars:\n    - key: A\n      value: b\nservices:\n  - <<: *b\n    type: web\n    name: a\n",
        # It has its value from elsewhere.
        "services:\n  - type: web\n    name: a\n    envVars:\n      - key: PYTHON_VERSION\n        sync: false\n",
    ],
)
def test_what_is_not_sure_to_be_right_is_left(text: str) -> None:
    assert with_python(text) == text


def test_line_endings_of_the_file_are_those_of_what_is_put_in() -> None:
    windows = BLOCK.replace("\n", "\r\n")
    assert with_python(windows).replace("\r\n", "\n") == with_python(BLOCK)
    assert "\n" not in with_python(windows).replace("\r\n", "")


def test_an_entry_comes_after_the_last_one_on_one_line() -> None:
    text = "services:\n  - type: web\n    name: api  # ours\n    envVars:\n      - key: A\n        value: b\n"
    edits = BlueprintText("render.yaml", text).with_entry(service_of(text).fields, "healthCheckPath", "/health")
    assert edited(text, edits) == text.replace("# ours\n", "# ours\n    healthCheckPath: /health\n")


def entry_of(text: str) -> tuple[Table, Scalar]:
    document = parse_document(text.encode(), "render.yaml")
    value = document.get("key")
    assert isinstance(value, Scalar)
    return document, value


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("key: old # c\n", "key: new # c\n"),
        ("key: 'it''s'\n", "key: new\n"),
        ('key: "o\\x41d"\n', "key: new\n"),
        ("{key: old, other: 1}\n", "{key: new, other: 1}\n"),
        ("key: &a old\n", "key: &a old\n"),
        ("key: !!str 1\n", "key: !!str 1\n"),
        ("key: |\n  old\n", "key: |\n  old\n"),
        ("key: a\n  b\n", "key: a\n  b\n"),
    ],
)
def test_a_value_is_replaced_where_it_stands_on_one_line_of_its_own(text: str, after: str) -> None:
    _, value = entry_of(text)
    assert edited(text, replaced(value, "new")) == after


def test_a_key_is_not_renamed_to_one_that_is_there() -> None:
    document, _ = entry_of("key: 1\nother: 2\n")
    assert renamed(document.entries["key"], document, "other") == ()
    assert edited("key: 1\n", renamed(document.entries["key"], document, "third")) == "third: 1\n"


@pytest.mark.parametrize(
    "text", ["3.13", "3.13.4", "off", "null", "no", "1e3", "a: b", 'say "x"', "a\\b", "#1", "", " x"]
)
def test_what_yaml_would_read_otherwise_is_quoted(text: str) -> None:
    _, value = entry_of(f"key: {quoted(text)}\n")
    assert value.value == text
    assert value.style == '"'


@pytest.mark.parametrize("text", ["keyvalue", "/opt/render/project/.cargo", "/health", "offset"])
def test_plain_words_and_paths_need_no_quotes(text: str) -> None:
    assert quoted(text) == text
