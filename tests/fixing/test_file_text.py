"""Files keep their encoding, byte order mark and line endings, whatever is changed in them."""

from __future__ import annotations

import codecs

import pytest

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.fixing.file_text import FileText, NotEditable
from pytest_deploycheck.location import Location


def at(line: int, column: int, end: int | None = None, text: str = "") -> Edit:
    return Edit(Location("r.txt", line, column), Location("r.txt", line, end or column), text)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_change_is_another_byte(mark: bytes, encoding: str, newline: str) -> None:
    before = mark + f"# früh{newline}demo==1.0{newline}other{newline}".encode(encoding)
    after = mark + f"# früh{newline}demo==1.1{newline}more{newline}other{newline}".encode(encoding)
    changed = FileText.read("r.txt", before).edited([at(3, 1, text="more\n"), at(2, 7, 10, "1.1")])
    assert changed.encoded() == after


def test_the_encoding_that_a_comment_names_is_kept() -> None:
    before = "# -*- coding: latin-1 -*-\ndemo==1.0  # für\n".encode("latin-1")
    changed = FileText.read("r.txt", before).edited([at(2, 7, 10, "1.1")])
    assert changed.encoded() == before.replace(b"1.0", b"1.1")


def test_a_comment_names_no_encoding_in_yaml() -> None:
    assert FileText.read("render.yaml", "# coding: latin-1\nä: 1\n".encode()).encoding == "utf-8"


def test_a_file_without_a_last_line_end_gets_none() -> None:
    assert FileText("r.txt", "a\nb").edited([at(2, 1, 2, "c")]).text == "a\nc"


def test_lines_that_end_in_different_ways_stay_so() -> None:
    assert FileText("r.txt", "a\r\nb\nc\r\n").edited([at(2, 1, text="x\n")]).text == "a\r\nx\r\nb\nc\r\n"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(NotEditable, match=r"r\.txt is no text in utf-8"):
        FileText.read("r.txt", b"demo\xff==1.0\n")


def test_a_character_that_the_encoding_has_not_is_refused() -> None:
    changed = FileText.read("r.txt", b"# coding: ascii\nx\n").edited([at(2, 1, 2, "ä")])
    with pytest.raises(NotEditable, match="cannot be written in ascii"):
        changed.encoded()


def test_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises(NotEditable, match="there is no such line"):
        FileText("r.txt", "a\n").edited([at(9, 1, text="x")])
