"""METADATA out of real wheels, whole or in parts: the same as zipfile finds, or nothing."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_deploycheck.resolution.wheel_metadata import OnDisk, Whole, unzipped_metadata, wheel_metadata

TEXT = b"Metadata-Version: 2.1\nName: demo\n" + b"x" * 500


def archive(*names: str, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name in names:
            packed.writestr(name, TEXT + name.encode())
        packed.comment = comment
    return buffer.getvalue()


class InParts(Whole):
    """Of which only the end is at hand, and what else is asked for is noted."""

    def __init__(self, content: bytes, tail: int) -> None:
        super().__init__(content)
        self._content = content
        self.tail = content[-tail:]
        self.asked = 0

    def between(self, start: int, end: int) -> bytes:
        self.asked += start < self.length - len(self.tail)
        return self._content[start:end]


def found(content: bytes) -> bytes | None:
    return wheel_metadata(Whole(content), "demo")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("comment", [b"", b"a comment"])
def test_the_projects_own_metadata(method: int, comment: bytes) -> None:
    names = (
        "vendored/other-1.0.dist-info/METADATA",
        "demo/x.py",
        "Demo-1.0.dist-info/METADATA",
        "Demo-1.0.dist-info/RECORD",
    )
    assert found(archive(*names, method=method, comment=comment)) == TEXT + b"Demo-1.0.dist-info/METADATA"


@pytest.mark.parametrize("files", [0, 3_000])
def test_a_file_on_disk(tmp_path: Path, files: int) -> None:
    path = tmp_path / "demo.whl"
    path.write_bytes(archive("demo-1.0.dist-info/METADATA", *(f"demo/{number}.py" for number in range(files))))
    with path.open("rb") as stream:
        assert wheel_metadata(OnDisk(stream), "demo") == TEXT + b"demo-1.0.dist-info/METADATA"


def test_an_end_that_holds_it_is_enough() -> None:
    content = archive(*(f"demo/{number}.py" for number in range(200)), "demo-1.0.dist-info/METADATA")
    parts = InParts(content, len(content) // 2)
    assert wheel_metadata(parts, "demo") == TEXT + b"demo-1.0.dist-info/METADATA"
    assert parts.asked == 0


@pytest.mark.parametrize(("tail", "asked"), [(22, 2), (100, 2), (5_000, 1)])
def test_what_is_not_at_the_end_is_asked_for(tail: int, asked: int) -> None:
    content = archive("demo-1.0.dist-info/METADATA", *(f"demo/{number}.py" for number in range(50)))
    parts = InParts(content, tail)
    assert wheel_metadata(parts, "demo") == TEXT + b"demo-1.0.dist-info/METADATA"
    assert parts.asked == asked


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_left_to_zipfile(method: int) -> None:
    assert found(archive("demo-1.0.dist-info/METADATA", method=method)) is None


def test_without_metadata_there_is_nothing() -> None:
    assert found(archive("demo/x.py")) is None
    assert found(b"") is None
    assert found(b"<html>not found</html>") is None


def unzipped(*names: str) -> bytes:
    return unzipped_metadata(io.BytesIO(archive(*names)), "demo")


def test_a_wheel_of_two_projects_is_none() -> None:
    names = ("demo-1.0.dist-info/METADATA", "other-1.0.dist-info/RECORD")
    assert found(archive(*names)) is None
    with pytest.raises(ValueError, match=r"more than one .dist-info in it: demo-1.0.dist-info, other-1.0.dist-info"):
        unzipped(*names)


def test_the_folder_has_to_begin_as_the_project_is_called() -> None:
    names = ("demonstration-1.0.dist-info/METADATA", "demo/other-1.0.dist-info/METADATA")
    assert found(archive(*names)) is None
    assert unzipped(*names) == TEXT + b"demonstration-1.0.dist-info/METADATA"
    for names in [("other-1.0.dist-info/METADATA",), ("demo/x.py",)]:
        assert found(archive(*names)) is None
        with pytest.raises(ValueError, match=r"no .dist-info of demo in it"):
            unzipped(*names)
    with pytest.raises(ValueError, match="no METADATA in it"):
        unzipped("demo-1.0.dist-info/RECORD")


def test_damage_is_noticed() -> None:
    content = archive("demo-1.0.dist-info/METADATA", method=zipfile.ZIP_STORED)
    assert found(content.replace(b"Name: demo", b"Name: evil")) is None


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_damaged_it_is_the_right_content_or_nothing(data: st.DataObject) -> None:
    content = bytearray(archive("demo/x.py", "demo-1.0.dist-info/METADATA"))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    parts = InParts(bytes(content), data.draw(st.integers(1, len(content))))
    assert wheel_metadata(parts, "demo") in (None, TEXT + b"demo-1.0.dist-info/METADATA")
