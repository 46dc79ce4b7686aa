"""Several indexes together: whose files count, and whose faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index_server import Fault, Index, Switches, wheel
from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.http.transport import Transport, Unreachable
from pytest_deploycheck.resolution.index import IndexClient
from pytest_deploycheck.resolution.indexes import Indexes
from pytest_deploycheck.resolution.places import Places

Search = Callable[..., Indexes]


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as index:
        index.add(wheel("demo", "1.0"))
        yield index


@pytest.fixture
def other() -> Iterator[Index]:
    """Another index, with files of its own."""
    with Index() as index:
        index.add(wheel("special", "1.0"))
        yield index


@pytest.fixture
def search(index: Index, other: Index, tmp_path: Path) -> Iterator[Search]:
    """A new run, as it were: both indexes once more, on the same cache."""
    clients = []

    def run(*, offline: bool = False, find_links: tuple[str, ...] = ()) -> Indexes:
        clients.append(IndexClient(Transport(timeout=0.5), Cache(tmp_path / "cache"), offline=offline))
        return Indexes(clients[-1], Places((index.url, other.url), find_links))

    yield run
    for each in clients:
        each.close()


def versions(indexes: Indexes, project: str = "demo") -> list[str]:
    return list(indexes.page(project, "x86_64").result(timeout=30).versions)


@pytest.mark.parametrize("status", [401, 403])
def test_an_index_that_refuses_counts_as_empty_where_another_has_files(
    search: Search, other: Index, status: int
) -> None:
    other.fault(Fault("/simple/demo/", status=status))
    indexes = search()
    assert versions(indexes) == ["1.0"]
    assert versions(indexes, "special") == ["1.0"]
    assert other.requested("/simple/demo/")


def test_an_index_that_refuses_counts_as_empty_where_find_links_has_files(
    search: Search, index: Index, other: Index, tmp_path: Path
) -> None:
    local = wheel("local", "2.0")
    (tmp_path / local.filename).write_bytes(local.content)
    for each in (index, other):
        each.fault(Fault(status=403))
    assert versions(search(find_links=(str(tmp_path),)), "local") == ["2.0"]


def test_a_page_of_links_that_refuses_counts_as_empty_too(search: Search, other: Index) -> None:
    other.fault(Fault("/simple/special/", status=403))
    indexes = search(find_links=(f"{other.url}special/",))
    assert versions(indexes) == ["1.0"]
    with pytest.raises(Unreachable, match="answered 403"):
        versions(indexes, "special")


@pytest.mark.parametrize("status", [401, 403])
def test_where_nothing_is_found_anywhere_the_refusal_is_the_fault(search: Search, other: Index, status: int) -> None:
    other.fault(Fault("/simple/nowhere/", status=status))
    with pytest.raises(Unreachable, match=rf"^{other.url}nowhere/: answered {status} \("):
        versions(search(), "nowhere")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=500), "answered 500"),
        (Fault(status=503), "answered 503"),
        (Fault(status=429), "answered 429"),
        (Fault(status=400), "answered 400"),
        (Fault(reset=True), "reset|broke off"),
        (Fault(hang=True), "no answer within"),
        (Fault(garbage=b"Hello"), "no content type"),
    ],
)
def test_what_an_index_might_have_had_stays_unknown_after_any_other_fault(
    search: Search, other: Index, fault: Fault, reason: str
) -> None:
    other.fault(fault)
    with pytest.raises(Unreachable, match=rf"^{other.url}demo/: .*({reason})"):
        versions(search())


def test_one_that_refuses_does_not_hide_one_that_fails(search: Search, index: Index, other: Index) -> None:
    other.fault(Fault(status=403))
    index.fault(Fault(status=500))
    with pytest.raises(Unreachable, match=rf"^{index.url}demo/: answered 500"):
        versions(search())


def test_offline_a_refusal_is_what_it_was(search: Search, other: Index) -> None:
    other.fault(Fault(status=403))
    versions(search())
    assert versions(search(offline=True)) == ["1.0"]


def test_offline_a_refusal_that_was_the_fault_still_is(search: Search, other: Index) -> None:
    other.fault(Fault(status=401))
    for offline in (False, True):
        with pytest.raises(Unreachable, match=rf"^{other.url}nowhere/: answered 401 \("):
            versions(search(offline=offline), "nowhere")


def test_a_refusal_is_not_taken_for_granted_by_the_next_run(search: Search, other: Index) -> None:
    other.add(wheel("demo", "2.0"))
    other.fault(Fault(times=1, status=401))
    assert versions(search()) == ["1.0"]
    assert versions(search()) == ["1.0", "2.0"]


def test_a_refusal_does_not_make_the_next_run_resolve_anew(search: Search, other: Index) -> None:
    other.fault(Fault(status=403))
    indexes = search()
    versions(indexes)
    assert indexes.client.fresh_until > time.time() + 500


def test_a_login_that_is_missing_where_the_only_files_are_is_told(tmp_path: Path, index: Index) -> None:
    with Index(Switches(credentials=("user", "secret"))) as private:
        private.add(wheel("own", "1.0"))
        client = IndexClient(Transport(timeout=5.0), Cache(tmp_path))
        with pytest.raises(Unreachable, match=r"answered 401 \(it wants a login"):
            versions(Indexes(client, Places((index.url, private.url))), "own")
        client.close()
