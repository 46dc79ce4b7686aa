"""Findings fit their terminal, and keep their shape."""

from __future__ import annotations

import pytest

from pytest_deploycheck.findings import Finding
from pytest_deploycheck.location import Location
from pytest_deploycheck.terminal.layout import Line, Part, columns, lines_of, plain

FINDING = Finding(
    "wheel",
    Location("requirements.txt", 9),
    "pydantic==2.5.3 would compile on 3.13-manylinux_2_36_x86_64",
    (
        "pydantic 2.5.3 -> pydantic-core 2.14.6",
        "versions without one: 3.0",
        "  3.0 requires Python >=3.14 and no other",
    ),
    ("set PYTHON_VERSION to 3.12.12 in the variables", "write it into .python-version"),
)


def test_without_a_width_it_is_what_the_finding_itself_shows() -> None:
    assert plain(lines_of(FINDING), None) == str(FINDING)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal_but_for_a_word_that_is(width: int) -> None:
    for line in plain(lines_of(FINDING), width).splitlines():
        assert columns(line) <= width or " " not in line.strip()


def test_what_is_wrapped_keeps_the_place_where_its_text_began() -> None:
    assert plain(lines_of(FINDING), 40).splitlines() == [
        "requirements.txt:9: pydantic==2.5.3",
        "  would compile on",
        "  3.13-manylinux_2_36_x86_64",
        "",
        "  pydantic 2.5.3 -> pydantic-core 2.14.6",
        "  versions without one: 3.0",
        "    3.0 requires Python >=3.14 and no",
        "      other",
        "",
        "  fix: set PYTHON_VERSION to 3.12.12 in",
        "       the variables",
        "  or: write it into .python-version",
    ]


def test_nothing_but_blanks_is_lost() -> None:
    wrapped = plain(lines_of(FINDING), 30)
    assert "".join(wrapped.split()) == "".join(str(FINDING).split())


def test_wide_characters_take_two_columns() -> None:
    line = Line(Part.EVIDENCE, "\u6771\u4eac" * 3 + " " + "\u6771\u4eac" * 3 + " " + "\u6771\u4eac" * 3)
    assert [columns(each) for each in plain(iter([line]), 26).splitlines()] == [25, 14]


def test_what_was_told_before_is_only_named() -> None:
    assert plain(lines_of(FINDING, "render.yaml::api::build-home"), None).splitlines()[2:] == [
        "  for the same reason, and with the same way out, as render.yaml::api::build-home"
    ]
