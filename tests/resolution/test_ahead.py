"""What is fetched before the resolver asks for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from index_server import Fault, Index, sdist, wheel
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.http.transport import Transport
from pytest_deploycheck.resolution.index import IndexClient
from pytest_deploycheck.resolution.indexes import Indexes
from pytest_deploycheck.resolution.places import Places
from pytest_deploycheck.resolution.resolver import resolve
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.view import TargetView

TARGET = Target("3.13.4", "manylinux_2_36_x86_64")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[IndexClient]:
    client = IndexClient(Transport(timeout=5.0), Cache(tmp_path / "cache"))
    yield client
    client.close()


def picked(index: Index, client: IndexClient, *lines: str) -> dict[str, str]:
    asked = [Asked(Requirement(line)) for line in lines]
    resolution = resolve("requirements.txt", asked, TargetView(Indexes(client, Places((index.url,))), TARGET))
    return {each.name: each.version for each in resolution.distributions}


def is_soon_requested(index: Index, paths: str) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if index.requested(paths):
            return True
        time.sleep(0.01)
    return False


def test_while_versions_are_rejected_one_by_one_older_ones_are_fetched_already(
    index: Index, client: IndexClient
) -> None:
    index.add(wheel("other", "1.0"))
    for version in range(1, 41):
        index.add(wheel("demo", f"{version}.0", requires_dist=["other>=2"] if version > 30 else ["other"]))
    assert picked(index, client, "demo", "other<2") == {"demo": "30.0", "other": "1.0"}
    assert is_soon_requested(index, "*demo-25.0-*")
    assert not index.requested("*demo-1.0-*")


def test_no_version_but_the_first_is_fetched_where_it_fits(index: Index, client: IndexClient) -> None:
    index.add(*(wheel("demo", f"{version}.0") for version in range(1, 6)))
    assert picked(index, client, "demo") == {"demo": "5.0"}
    client.close()
    assert not index.requested("*demo-4.0-*")


def test_a_source_distribution_is_not_fetched_on_a_guess(index: Index, client: IndexClient) -> None:
    index.add(wheel("other", "1.0"))
    for version in range(1, 11):
        requires = ["other>=2"] if version > 5 else ["other"]
        index.add((wheel if version > 4 else sdist)("demo", f"{version}.0", requires_dist=requires))
    assert picked(index, client, "demo", "other<2") == {"demo": "5.0", "other": "1.0"}
    client.close()
    assert not index.requested("*demo-4.0.tar.gz")


def test_a_guess_that_the_index_fails_on_is_not_the_fault_of_what_is_needed(index: Index, client: IndexClient) -> None:
    index.add(
        wheel("demo", "1.0", requires_dist=["other"]),
        wheel("other", "2.0", requires_dist=["guessed"]),
        wheel("other", "1.0"),
        wheel("late", "1.0", requires_dist=["other<2", "needed"]),
        wheel("needed", "1.0"),
    )
    index.fault(Fault("/simple/guessed/", status=500))
    # Until then, only newest versions are known to be asked for, and both attempts for the guess are over.
    index.fault(Fault("/simple/late/", delay=1.0))
    assert picked(index, client, "demo", "late") == {"demo": "1.0", "late": "1.0", "needed": "1.0", "other": "1.0"}
    assert index.requested("/simple/guessed/")


def test_what_a_closed_client_is_asked_for_is_cancelled(index: Index, client: IndexClient) -> None:
    client.close()
    assert client.page(index.url, "demo", "x86_64").cancelled()
