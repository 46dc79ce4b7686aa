"""Core metadata as a resolution reads it."""

from __future__ import annotations

import pytest

from pytest_deploycheck.resolution.metadata import Metadata, parse_metadata

PYDANTIC = b"""\
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
        pytest.param(PYDANTIC.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(PYDANTIC.replace(b"Requires-Dist", b"requires-dist"), id="lower-case names"),
        pytest.param(
            PYDANTIC.replace(b"Name: ", b"License: MIT\n        \n        more\nName: "), id="licence with blanks"
        ),
        pytest.param(PYDANTIC.replace(b"Name: ", b"License: page\x0cfeed\x1d\nName: "), id="licence with a form feed"),
        pytest.param(PYDANTIC.replace(b"Name: ", b"Author: Ren\xe9\nName: "), id="not UTF-8"),
        pytest.param(PYDANTIC.replace(b">=0.4.0", b"\n  >=0.4.0").replace(b"types\n  ", b"types\n "), id="folded"),
    ],
)
def test_odd_files_are_read_the_same(content: bytes) -> None:
    expected = parse_metadata(PYDANTIC)
    found = parse_metadata(content)
    assert [text.replace(" ", "") for text in found.requires_dist] == [
        text.replace(" ", "") for text in expected.requires_dist
    ]
    assert (found.name, found.version, found.requires_python) == ("pydantic", "2.5.3", ">=3.7")


def test_what_goes_into_the_cache_comes_out() -> None:
    metadata = parse_metadata(PYDANTIC)
    assert Metadata.load(metadata.dump()) == metadata


@pytest.mark.parametrize("dumped", [b"", b"{", b"[]", b'{"name": "x"}', b"null"])
def test_a_damaged_cache_entry_is_refused(dumped: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Metadata.load(dumped)
