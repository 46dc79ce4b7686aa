"""TOML with the places where things stand."""

from __future__ import annotations

import pytest

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.locks.tables import BadFile
from pytest_deploycheck.sources.locks.toml_text import TomlText

TEXT = '''\
# [not.a.table]
[project] # behind it
name = "demo"
text = """
[project.hidden]
dependencies = ["not"]
"""
dependencies = [
  "flask>=2", # why
  'orjson [x] ; python_version < "3.9"', "two",
]
"a b".'c' = {x = "in", "y" = ["deep"]}
[[tool.list]]
k = 1.5
[[tool.list]]
'''


@pytest.mark.parametrize(
    ("keys", "value", "line", "column"),
    [
        (("project",), None, 2, 1),
        (("project", "name"), None, 3, 1),
        (("project", "dependencies"), None, 8, 1),
        (("project", "dependencies"), "flask>=2", 9, 4),
        (("project", "dependencies"), 'orjson [x] ; python_version < "3.9"', 10, 4),
        (("project", "dependencies"), "two", 10, 43),
        (("project", "a b", "c"), "deep", 12, 32),
        (("tool", "list", "k"), None, 14, 1),
    ],
)
def test_where_it_stands(keys: tuple[str, ...], value: str | None, line: int, column: int) -> None:
    assert TomlText.read("x.toml", TEXT.encode()).place_of(keys, value) == Location("x.toml", line, column)


def test_what_only_looks_like_toml_is_passed_over() -> None:
    places = TomlText.read("x.toml", TEXT.encode()).places
    assert not [each for each in places if {"not", "hidden"} & set(each.keys)]


def test_the_tables_of_an_array() -> None:
    text = TomlText.read("x.toml", b"[[package]]\nname = 'a'\n\n[[package]]\nname = 'b'\n")
    assert text.headers("package") == [Location("x.toml", 1), Location("x.toml", 4)]


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        (b"a = 1\nb = = 2\n", 2, "it is no TOML"),
        (b"a = 1\nb = '", 2, "it is no TOML"),
        (b"a = 1\nb = '\xff'\n", 2, "UTF-8"),
        (b"a = " + b"[" * 5000, 1, "nested too deep"),
        (b"<<<<<<< HEAD\n", 1, "it is no TOML"),
    ],
)
def test_what_is_no_toml_is_said_with_its_line(content: bytes, line: int, expected: str) -> None:
    with pytest.raises(BadFile, match=expected) as caught:
        TomlText.read("x.lock", content)
    assert caught.value.location.line == line
