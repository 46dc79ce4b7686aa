"""Edits of several findings become one change of a file, or one of them is left out as a whole."""

from __future__ import annotations

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.fixing.file_text import FileText
from pytest_deploycheck.fixing.merging import Fix, merged
from pytest_deploycheck.location import Location

TEXT = "name: api\nplan: free\n"


def at(line: int, column: int, end: int, text: str) -> Edit:
    return Edit(Location("render.yaml", line, column), Location("render.yaml", line, end), text)


def put(line: int, text: str) -> Edit:
    return at(line, 1, 1, text)


def result(*fixes: tuple[Edit, ...]) -> tuple[str, list[str]]:
    """The text then, and the titles of the fixes that are left out."""
    found = merged(Fix(str(number), edits) for number, edits in enumerate(fixes))
    return FileText("render.yaml", TEXT).edited(found.edits.get("render.yaml", [])).text, found.left_out


def test_what_several_findings_want_is_done_once() -> None:
    assert result((at(1, 7, 10, "bot"),), (at(1, 7, 10, "bot"), at(2, 7, 11, "pro"))) == ("name: bot\nplan: pro\n", [])


def test_what_is_put_in_at_one_place_comes_in_order() -> None:
    assert result((put(2, "a\n"),), (put(2, "b\n"),)) == ("name: api\na\nb\nplan: free\n", [])


def test_a_fix_that_overlaps_is_left_out_as_a_whole() -> None:
    text, left_out = result((at(1, 7, 10, "bot"),), (at(1, 1, 8, "x"), at(2, 7, 11, "pro")))
    assert (text, left_out) == ("name: bot\nplan: free\n", ["1"])


def test_nothing_is_put_into_what_is_replaced() -> None:
    assert result((at(1, 7, 10, "bot"),), (at(1, 8, 8, "x"),))[1] == ["1"]
    assert result((at(1, 8, 8, "x"),), (at(1, 7, 10, "bot"),))[1] == ["1"]


def test_a_list_that_two_fixes_begin_is_begun_once() -> None:
    one = "envVars:\n  - key: A\n    value: x\n"
    other = "envVars:\n  - key: B\n    value: x\n"
    assert result((put(3, one),), (put(3, other),)) == (f"{TEXT}{one}  - key: B\n    value: x\n", [])


def test_a_variable_that_another_fix_sets_otherwise_is_left_to_that() -> None:
    one, other = '  - key: A\n    value: "1"\n', '  - key: A\n    value: "2"\n'
    assert result((put(3, one),), (put(3, other),)) == (TEXT + one, ["1"])
