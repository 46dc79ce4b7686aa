"""YAML 1.2 with positions."""

from __future__ import annotations

import copy
import math
import pickle

import pytest

from pytest_deploycheck.location import Location
from pytest_deploycheck.render.document import DocumentError, Scalar, Sequence, Table
from pytest_deploycheck.render.parsing import parse_document


def parsed(text: str) -> Table:
    return parse_document(text.encode(), "render.yaml")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("off", "off"),
        ("no", "no"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("3.10", 3.1),
        ("3.13.4", "3.13.4"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("1e3", 1000.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("12:30:45", "12:30:45"),
        ("2026-11-23", "2026-11-23"),
        ("1_000", "1_000"),
        ("null", None),
        ("~", None),
        ("", None),
        ("'3.10'", "3.10"),
        ('"off"', "off"),
        ('""', ""),
        ("!!str 3.10", 3.1),
    ],
)
def test_a_scalar_is_what_yaml_1_2_makes_of_it(written: str, value: object) -> None:
    scalar = parsed(f"key: {written}").get("key")
    assert isinstance(scalar, Scalar)
    assert scalar.value == value
    assert type(scalar.value) is type(value)


def test_not_a_number_is_a_number() -> None:
    scalar = parsed("key: .nan").get("key")
    assert isinstance(scalar, Scalar)
    assert isinstance(scalar.value, float)
    assert math.isnan(scalar.value)


def test_every_value_has_its_place() -> None:
    document = parsed("services:\n  - name: api\n    envVars: []\n")
    (service,) = document.mappings("services")
    assert service.location == Location("render.yaml", 2, 5)
    assert service.entries["name"].key.location == Location("render.yaml", 2, 5)
    assert service.entries["name"].value.location == Location("render.yaml", 2, 11)


SCALARS = """\
plain: pip install x
two-lines: pip install
  -r requirements.txt
single: 'it''s here
  and there'
double: "a \\"b\\" c\\
  d
   e"
literal: |
    pip install x

      indented é
    last
folded: >-
  one two
  three

  four
    five
  six
lead: |2-
    keep
   less
"""


@pytest.mark.parametrize("key", ["plain", "two-lines", "single", "double", "literal", "folded", "lead"])
def test_every_character_of_a_scalar_has_its_place(key: str) -> None:
    scalar, lines = parsed(SCALARS).scalar(key), SCALARS.split("\n")
    assert scalar is not None
    for offset, character in enumerate(scalar.text):
        place = scalar.at(offset)
        there = lines[place.line - 1][place.column - 1 :]
        # A quote that is escaped stands behind its backslash; where lines are joined, blanks may stand for each other.
        assert there.startswith((character, f"\\{character}")) or character.isspace(), (offset, character, place)


@pytest.mark.parametrize(
    "written", ["&b pip install", '&b "pip install"', "!!str pip install", "&b !!str 'pip install'"]
)
def test_a_scalar_begins_behind_its_anchor_and_its_tag(written: str) -> None:
    text = f"command: {written}\n"
    command = parsed(text).scalar("command")
    assert command is not None
    assert command.at(command.index("install")) == Location("render.yaml", 1, text.index("install") + 1)


def test_blanks_before_a_block_count_for_its_columns() -> None:
    command = parsed("a: 1\ncommand: |\n    one\n    two\n").scalar("command")
    assert command is not None
    assert command.at(command.text.index("two")) == Location("render.yaml", 4, 5)


def test_merges_and_aliases() -> None:
    document = parsed("base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\nboth:\n  <<: [*base, *other]\n  a: 9\n")
    both = document.get("both")
    assert isinstance(both, Table)
    values = {key: entry.value.value for key, entry in both.entries.items() if isinstance(entry.value, Scalar)}
    assert values == {"a": 9, "b": 2, "c": 4}


def test_lists_of_other_things_are_no_mappings() -> None:
    document = parsed("services: [one, {name: two}]\nname: x\n")
    assert len(list(document.mappings("services"))) == 1
    assert list(document.mappings("name")) == []
    assert isinstance(document.get("services"), Sequence)
    assert document.scalar("services") is None


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"", (1, 1), "it is empty"),
        (b"# nothing\n", (1, 1), "it is empty"),
        (b"- a\n", (1, 1), "a mapping such as `services:` was expected here"),
        (b"services", (1, 1), "a mapping such as `services:` was expected here"),
        (b"a: 1\n---\nb: 2\n", (3, 1), "a second document begins here"),
        (b"a: 1\nb: 2\na: 3\n", (3, 1), "'a' stands here a second time, the first is in line 1"),
        (b"a:\n\t- b\n", (2, 1), "this is no YAML"),
        (b"a:\n\t- b\n", (2, 1), "a tab stands here: indent with blanks"),
        (b"a:\r\n  - @b\r\n", (2, 5), "nothing can begin with @: put it into quotes"),
        (b"\xef\xbb\xbfa: `b`\n", (1, 4), "nothing can begin with `"),
        ("a: @b\n".encode("utf-16"), (1, 4), "nothing can begin with @"),
        ("# \u00e9\u2028a: %b\n".encode(), (2, 4), "nothing can begin with %"),
        (b"a: caf\xe9\n", (1, 7), "a byte here does not belong into a YAML file"),
        (b"a: [1\nb: 2\n", (2, 2), "this is no YAML"),
        (b"a: *nobody\n", (1, 4), "this is no YAML"),
        (b"a: &a [*a]\n", (1, 4), "an alias leads back"),
        (b"a: {<<: 1}\n", (1, 9), "<< merges mappings"),
        (b"? [a]\n: 1\n", (1, 3), "a key has to be a text"),
        (b"a: \xff\n", (1, 4), "a byte here does not belong into a YAML file"),
        (b"a: 1\nb: \x07\n", (2, 4), "does not belong into a YAML file"),
    ],
)
def test_what_is_no_blueprint_is_refused_where_it_goes_wrong(
    content: bytes, place: tuple[int, int], words: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(content, "render.yaml")
    assert words in caught.value.message
    assert (caught.value.location.line, caught.value.location.column) == place


def test_a_scalar_is_a_text_that_knows_its_place() -> None:
    scalar = parse_document(b"a: 1\nplan: 'free'\n", "render.yaml").scalar("plan")
    assert scalar is not None
    assert scalar == "free"
    assert {scalar: 1}["free"] == 1
    assert scalar.upper() == "FREE"
    for other in (copy.copy(scalar), copy.deepcopy(scalar), pickle.loads(pickle.dumps(scalar))):
        assert (other, other.location, other.style, other.value) == ("free", scalar.location, "'", "free")


def test_what_yaml_makes_of_a_text_is_its_value() -> None:
    document = parse_document(b"number: 3.10\ntruth: true\n", "render.yaml")
    number, truth = document.scalar("number"), document.scalar("truth")
    assert (number, number and number.value) == ("3.10", 3.1)
    assert (truth, truth and truth.value) == ("true", True)
