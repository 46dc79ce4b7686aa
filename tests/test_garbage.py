"""What a run leaves to Python's garbage collection, which would go through all of it, often, when pytest ends."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from index_server import Index, wheel
from pytest_deploycheck.garbage import LeftOut
from pytest_deploycheck.resolution.result import Outcome
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.requirements import read_requirements
from pytest_deploycheck.subjects import Source

TARGET = Target("3.12.8", "manylinux_2_36_x86_64")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    gc.unfreeze()  # Not every other test closes what it opens.
    yield
    gc.unfreeze()
    gc.enable()


def resolutions(index: Index, folder: Path) -> Resolutions:
    environ = {
        "PIP_INDEX_URL": index.url,
        "PIP_EXTRA_INDEX_URL": folder.as_uri(),
        "PIP_CONFIG_FILE": os.devnull,
        "PYTEST_DEPLOYCHECK_CACHE": str(folder / "cache"),
    }
    return Resolutions(Settings(root=folder), environ)


def source(folder: Path, count: int) -> Source:
    (folder / "requirements.txt").write_text("".join(f"project-{number}==1.0\n" for number in range(count)))
    return Source(read_requirements(folder / "requirements.txt", folder, {}), ())


def test_no_cycle_keeps_what_was_fetched_when_a_run_is_over(tmp_path: Path) -> None:
    with Index() as index:
        index.add(*(wheel(f"project-{number}", "1.0", requires_dist=["project-0"]) for number in range(20)))
        found = resolutions(index, tmp_path)
        asked = source(tmp_path, 20)
        gc.disable()
        assert found.get(asked, TARGET).outcome is Outcome.OK
        view = found.view(asked, TARGET)
        page = view.candidates(canonicalize_name("project-7")).page
        kept = [weakref.ref(each) for each in (view, view.client, view.indexes, page)]
        del page
        del view
        found.close()
    assert [each() for each in kept] == [None] * len(kept)


def test_what_is_kept_for_later_is_left_out_until_the_run_is_over(tmp_path: Path) -> None:
    with Index() as index:
        index.add(wheel("project-0", "1.0"))
        found = resolutions(index, tmp_path)
        found.get(source(tmp_path, 1), TARGET)
        assert gc.get_freeze_count() > 0
        assert gc.isenabled()
        found.close()
    assert gc.get_freeze_count() == 0


def test_where_somebody_else_leaves_objects_out_it_is_for_them_to_end_that() -> None:
    gc.freeze()
    left_out = LeftOut()
    left_out.leave_out()
    left_out.let_in()
    assert gc.get_freeze_count() > 0
