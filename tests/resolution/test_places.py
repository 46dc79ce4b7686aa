"""What lies on this machine is part of a resolution's key."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_deploycheck.resolution.places import Places


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "demo-1.0-py3-none-any.whl").write_bytes(b"1")
    (tmp_path / "simple" / "demo").mkdir(parents=True)
    (tmp_path / "simple" / "demo" / "index.html").write_text("<a>")
    return tmp_path


def places(folder: Path) -> Places:
    return Places(
        ("https://index.example/simple", (folder / "simple").as_uri()), (str(folder / "wheels"), str(folder / "gone"))
    )


def test_each_file_that_counts(folder: Path) -> None:
    state = places(folder).local_state()
    assert state is not None
    assert [(os.path.relpath(path, folder), size) for path, _, size in state] == [
        (os.path.join("simple", "demo", "index.html"), 3),
        (os.path.join("wheels", "demo-1.0-py3-none-any.whl"), 1),
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "wheels" / "demo-1.1-py3-none-any.whl").write_bytes(b"1"),
        lambda folder: (folder / "wheels" / "demo-1.0-py3-none-any.whl").unlink(),
        lambda folder: (folder / "wheels" / "demo-1.0-py3-none-any.whl").write_bytes(b"22"),
        lambda folder: os.utime(folder / "simple" / "demo" / "index.html", (1, 1)),
        lambda folder: ((folder / "simple" / "x").mkdir(), (folder / "simple" / "x" / "index.html").write_text("")),
        lambda folder: (folder / "gone").mkdir() or (folder / "gone" / "y-1-py3-none-any.whl").write_bytes(b""),
    ],
    ids=["another file", "one less", "another size", "another time", "another project", "a folder that appears"],
)
def test_a_change_changes_it(folder: Path, change: Callable[[Path], object]) -> None:
    before = places(folder).local_state()
    change(folder)
    assert places(folder).local_state() != before


def test_places_elsewhere_say_nothing() -> None:
    assert Places(("https://index.example/simple",), ("https://index.example/wheels",)).local_state() == []


def test_an_index_of_very_many_projects_is_not_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_deploycheck.resolution.places._MOST_PROJECTS", 1)
    assert places(folder).local_state() is not None
    (folder / "simple" / "other").mkdir()
    assert places(folder).local_state() is None
