"""The source distributions that pip builds on its way, and installs none of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from index_server import Index, sdist, wheel
from pytest_deploycheck.resolution.asked import Asked
from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.http.transport import Transport
from pytest_deploycheck.resolution.index import IndexClient
from pytest_deploycheck.resolution.indexes import Indexes
from pytest_deploycheck.resolution.places import Places
from pytest_deploycheck.resolution.resolver import resolve
from pytest_deploycheck.resolution.result import Outcome
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.view import TargetView

TARGET = Target("3.13.4", "manylinux_2_36_x86_64")


@pytest.fixture
def client(tmp_path: Path, index: Index) -> Iterator[IndexClient]:
    index.add(
        wheel("demo", "1.0", requires_dist=["other<2"]),
        sdist("old", "1.0"),
        sdist("older", "1.0"),
        *(wheel("other", version) for version in ("1.0", "2.0")),
    )
    client = IndexClient(Transport(timeout=5.0), Cache(tmp_path / "cache"))
    yield client
    client.close()


@pytest.mark.parametrize(
    ("lines", "outcome", "built"),
    [
        pytest.param(["old", "older", "demo>=2"], Outcome.NO_MATCH, "old-1.0.tar.gz, older-1.0.tar.gz", id="no match"),
        pytest.param(["old", "demo", "other>=2"], Outcome.CONFLICT, "old-1.0.tar.gz", id="conflict"),
        pytest.param(["old", "demo>=2", "older"], Outcome.NO_MATCH, "old-1.0.tar.gz", id="only what comes before"),
        pytest.param(["demo>=2", "old"], Outcome.NO_MATCH, "", id="nothing comes before"),
    ],
)
def test_what_is_built_before_pip_gives_up_is_named(
    lines: list[str], outcome: Outcome, built: str, client: IndexClient, index: Index
) -> None:
    asked = [Asked(Requirement(line)) for line in lines]
    resolution = resolve("requirements.txt", asked, TargetView(Indexes(client, Places((index.url,))), TARGET))
    assert resolution.outcome is outcome
    named = [line for line in resolution.evidence if "pip builds" in line]
    expected = f"before it says so, pip builds {built}, to learn what is required there"
    assert named == ([expected] if built else [])


@pytest.mark.parametrize(
    ("lines", "built"),
    [
        pytest.param(["other", "needs-old"], ("other-3.0.tar.gz",), id="it is come upon before a line forbids it"),
        pytest.param(["other<3", "needs-old"], (), id="a line forbids it"),
        pytest.param(["old", "demo"], (), id="what is built is installed"),
    ],
)
def test_what_is_built_in_passing_is_named(
    lines: list[str], built: tuple[str, ...], client: IndexClient, index: Index
) -> None:
    index.add(sdist("other", "3.0"), wheel("needs-old", "1.0", requires_dist=["other<3"]))
    asked = [Asked(Requirement(line)) for line in lines]
    resolution = resolve("requirements.txt", asked, TargetView(Indexes(client, Places((index.url,))), TARGET))
    assert resolution.outcome is Outcome.OK
    assert resolution.built_in_passing == built
