"""What stands in a file is shown in Markdown as it is."""

from __future__ import annotations

import pytest

from pytest_deploycheck.reports.markdown import code, prose, sentence, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("aiohttp<3.11,>=3.9.0", r"aiohttp\<3.11,>=3.9.0"),
        ("3.13-manylinux_2_36_x86_64", "3.13-manylinux_2_36_x86_64"),
        ("_emphasis_", r"\_emphasis\_"),
        ("a~=1, b~=2", r"a\~=1, b\~=2"),
        ("@someone and #12", r"\@someone and \#12"),
        ("`code` and $PORT", r"\`code\` and \$PORT"),
        ("two\nlines", "two lines"),
    ],
)
def test_prose(text: str, shown: str) -> None:
    assert prose(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`uv sync` lacks *this*", r"`uv sync` lacks \*this\*"),
        ("no secret stands in ``value:``, and", "no secret stands in `value:`, and"),
        ("`a | b`, `$PORT` and `<c>`", "`a | b`, `$PORT` and `<c>`"),
        ("``a `b` c``", "``a `b` c``"),
        ("one ` alone, <b>", r"one \` alone, \<b>"),
        ("`a``b`", "```a``b```"),
        ("`two\nlines`", "`two lines`"),
        ("", ""),
    ],
)
def test_what_a_sentence_has_between_backticks_is_code(text: str, shown: str) -> None:
    assert sentence(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("plain", "`plain`"), ("a `b` c", "``a `b` c``"), ("`x`", "`` `x` ``"), ("", "` `")]
)
def test_code(text: str, shown: str) -> None:
    assert code(text) == shown


def test_a_bar_ends_no_cell() -> None:
    assert table(("What",), [(code("a | b"),), (prose("c | d"),)]).splitlines()[2:] == [
        r"| `a \| b` |",
        r"| c \| d |",
    ]
