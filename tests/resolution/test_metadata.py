"""Core metadata as a resolution reads it."""

from __future__ import annotations

from email import message_from_string

import pytest

from pytest_deploycheck.resolution.metadata import Metadata, parse_metadata

PYDANTIC = """\
Metadata-Version: 2.1
Name: pydantic
Version: 2.5.3
Requires-Python: >=3.7
Requires-Dist: annotated-types>=0.4.0
Requires-Dist: importlib-metadata; python_version == '3.7'
Requires-Dist: pydantic-core==2.14.6
Provides-Extra: E_Mail

Requires-Dist: this is the description
"""


def test_the_fields_that_matter_are_read() -> None:
    assert parse_metadata(PYDANTIC) == Metadata(
        metadata_version="2.1",
        name="pydantic",
        version="2.5.3",
        requires_python=">=3.7",
        requires_dist=(
            "annotated-types>=0.4.0",
            "importlib-metadata; python_version == '3.7'",
            "pydantic-core==2.14.6",
        ),
        provides_extra=("e-mail",),
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PYDANTIC.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(PYDANTIC.replace("Requires-Dist", "requires-dist"), id="lower-case names"),
        pytest.param(
            PYDANTIC.replace("Name: ", "License: MIT\n        \n        more\nName: "), id="licence with blanks"
        ),
        pytest.param(PYDANTIC.replace("Name: ", "License: page\x0cfeed\x1d\nName: "), id="licence with a form feed"),
        pytest.param(PYDANTIC.replace("Dist: annotated", "Dist:\n  annotated"), id="folded"),
        pytest.param(f" more\nFrom me\n: nothing\n{PYDANTIC}", id="fields without a name"),
    ],
)
def test_odd_files_are_read_the_same(content: str) -> None:
    assert parse_metadata(content) == parse_metadata(PYDANTIC)


def test_a_line_that_is_no_field_ends_them_as_it_does_for_pip() -> None:
    found = parse_metadata(PYDANTIC.replace("Requires-Python", "Copyright (c) 2012: me\nRequires-Python"))
    assert (found.name, found.version, found.requires_python, found.requires_dist) == ("pydantic", "2.5.3", None, ())
    assert parse_metadata(f"\ufeff{PYDANTIC}").name == ""


def test_a_requirement_keeps_the_line_end_that_pip_stumbles_over() -> None:
    found = parse_metadata("Name: demo\nRequires-Dist: six;\n python_version > '3'\n")
    assert found.requires_dist == ("six;\n python_version > '3'",)


@pytest.mark.parametrize(
    "text", ["", ":", "a", "a:\n b\r c\r\nName : x", "Name\t: x", "From x\nName: y\n\nb", "\u00e9: 1", "\n"]
)
def test_fields_are_those_of_the_standard_library(text: str) -> None:
    text = f"Summary: s\n{text}\nName: demo\nVersion: 1\n\nName: body\n"
    expected = message_from_string(text)
    found = parse_metadata(text)
    assert (found.name, found.version) == (expected["Name"] or "", expected["Version"] or "")


def test_what_goes_into_the_cache_comes_out() -> None:
    metadata = parse_metadata(PYDANTIC)
    assert Metadata.load(metadata.dump()) == metadata


@pytest.mark.parametrize("dumped", [b"", b"{", b"[]", b'{"name": "x"}', b"null"])
def test_a_damaged_cache_entry_is_refused(dumped: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Metadata.load(dumped)
