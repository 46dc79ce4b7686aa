"""METADATA out of the last bytes of real wheels: the same as zipfile finds, or nothing."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_deploycheck.resolution.wheel_tail import metadata_in_tail

TEXT = b"Metadata-Version: 2.1\nName: demo\n" + b"x" * 500


def archive(*names: str, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name in names:
            packed.writestr(name, TEXT + name.encode())
        packed.comment = comment
    return buffer.getvalue()


def found(content: bytes, tail: int | None = None, project: str = "demo") -> bytes | None:
    kept = content if tail is None else content[-tail:]
    return metadata_in_tail(kept, len(content) - len(kept), project)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("comment", [b"", b"a comment"])
def test_the_projects_own_metadata(method: int, comment: bytes) -> None:
    names = (
        "vendored/other-1.0.dist-info/METADATA",
        "other-1.0.dist-info/METADATA",
        "demo/x.py",
        "Demo-1.0.dist-info/METADATA",
        "Demo-1.0.dist-info/RECORD",
    )
    assert found(archive(*names, method=method, comment=comment)) == TEXT + b"Demo-1.0.dist-info/METADATA"


def test_a_part_that_holds_it_is_enough() -> None:
    content = archive(*(f"demo/{number}.py" for number in range(200)), "demo-1.0.dist-info/METADATA")
    assert found(content, tail=len(content) // 2) == TEXT + b"demo-1.0.dist-info/METADATA"


@pytest.mark.parametrize("tail", [1, 10, 22, 100, 400])
def test_a_part_that_does_not_hold_it_gives_nothing(tail: int) -> None:
    content = archive("demo-1.0.dist-info/METADATA", *(f"demo/{number}.py" for number in range(50)))
    assert found(content, tail) is None


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_left_to_zipfile(method: int) -> None:
    assert found(archive("demo-1.0.dist-info/METADATA", method=method)) is None


def test_without_metadata_there_is_nothing() -> None:
    assert found(archive("demo/x.py")) is None
    assert found(b"") is None
    assert found(b"<html>not found</html>") is None


def test_damage_is_noticed() -> None:
    content = archive("demo-1.0.dist-info/METADATA", method=zipfile.ZIP_STORED)
    assert found(content.replace(b"Name: demo", b"Name: evil")) is None


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_damaged_it_is_the_right_content_or_nothing(data: st.DataObject) -> None:
    content = bytearray(archive("demo/x.py", "demo-1.0.dist-info/METADATA"))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert found(bytes(content), data.draw(st.integers(1, len(content)))) in (
        None,
        TEXT + b"demo-1.0.dist-info/METADATA",
    )
