"""The index client against a real server: every kind of index, every fault, and what is asked how often."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index_server import Fault, Index, Switches, sdist, wheel
from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.http.transport import Transport, Unreachable
from pytest_deploycheck.resolution.index import IndexClient
from pytest_deploycheck.resolution.integrity import BrokenDistribution
from pytest_deploycheck.resolution.page import ProjectPage

WHEEL = "demo-1.0-py3-none-any.whl"
MATURIN = '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as index:
        index.add(
            wheel("demo", "1.0", requires_dist=["other>=2"], filler=200_000),
            sdist("other", "2.0", requires_dist=["deep"], files={"pyproject.toml": MATURIN, "src/lib.rs": ""}),
        )
        yield index


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Callable[..., IndexClient]]:
    """A new run, as it were: another client on the same cache."""
    clients = []

    def run(*, offline: bool = False, timeout: float = 5.0, cache: Path = tmp_path / "cache") -> IndexClient:
        clients.append(IndexClient(Transport(timeout=timeout), Cache(cache), offline=offline))
        return clients[-1]

    yield run
    for each in clients:
        each.close()


def page(client: IndexClient, index: Index, project: str = "demo") -> ProjectPage:
    return client.page(index.url, project, "x86_64").result(timeout=30)


def only_file(client: IndexClient, index: Index, project: str = "demo") -> File:
    found = page(client, index, project)
    return next(file for version in found.versions for file in found.files(version))


METADATA_WAYS = [
    pytest.param({"metadata": "advertised"}, [f"/files/{WHEEL}.metadata"], id="PEP 658"),
    pytest.param(
        {"metadata": "advertised", "metadata_hash": False}, [f"/files/{WHEEL}.metadata"], id="without its hash"
    ),
    pytest.param({"metadata": "unadvertised"}, [f"/files/{WHEEL}"], id="a ranged read"),
    pytest.param({"metadata": "absent", "head": False}, [f"/files/{WHEEL}"], id="a ranged read, without HEAD"),
    pytest.param({"metadata": "absent", "ranges": "ignored"}, [f"/files/{WHEEL}"], id="the whole wheel at once"),
    pytest.param(
        {"metadata": "absent", "ranges": "refused"}, [f"/files/{WHEEL}", f"/files/{WHEEL}"], id="the whole wheel"
    ),
    pytest.param(
        {"metadata": "absent", "suffix_ranges": False},
        [f"/files/{WHEEL}", f"/files/{WHEEL}"],
        id="suffix ranges refused",
    ),
    pytest.param({"json": False, "metadata": "advertised"}, [f"/files/{WHEEL}.metadata"], id="HTML only"),
    pytest.param({"json": False, "metadata": "absent"}, [f"/files/{WHEEL}"], id="HTML, a ranged read"),
]


@pytest.mark.parametrize(("switches", "asked"), METADATA_WAYS)
def test_metadata_comes_by_the_cheapest_way_the_index_offers(
    index: Index, client: Callable[..., IndexClient], switches: dict[str, object], asked: list[str]
) -> None:
    for name, value in switches.items():
        setattr(index.switches, name, value)
    run = client()
    metadata = run.metadata(only_file(run, index)).result(timeout=30)
    assert metadata.requires_dist == ("other>=2",)
    assert index.requested("/files/*", "GET") == asked
    assert index.requested(method="HEAD") == []


def test_metadata_that_is_advertised_but_not_there_is_where_pip_stops(
    index: Index, client: Callable[..., IndexClient]
) -> None:
    index.switches.metadata = "broken"
    run = client()
    with pytest.raises(Unreachable, match=rf"/files/{WHEEL}\.metadata: answered 404, though its page says that it is"):
        run.metadata(only_file(run, index)).result(timeout=30)


def test_a_ranged_read_takes_the_end_of_the_wheel_alone(index: Index, client: Callable[..., IndexClient]) -> None:
    index.switches.metadata = "absent"
    run = client()
    run.metadata(only_file(run, index)).result(timeout=30)
    assert sum(request.sent for request in index.requests if request.path.startswith("/files/")) < 80_000


def test_a_sdist_is_read_whole(index: Index, client: Callable[..., IndexClient]) -> None:
    run = client()
    found = run.sdist(only_file(run, index, "other")).result(timeout=30)
    assert (found.metadata.requires_dist, found.native, found.needs) == (("deep",), True, ("Rust",))


def test_each_thing_is_asked_for_once(index: Index, client: Callable[..., IndexClient]) -> None:
    run = client()
    futures = [run.page(index.url, "demo", "x86_64") for _ in range(20)]
    assert len({id(future.result(timeout=30)) for future in futures}) == 1
    assert index.requested() == ["/simple/demo/"]


def test_a_project_that_the_index_does_not_have_has_no_files(index: Index, client: Callable[..., IndexClient]) -> None:
    assert list(page(client(), index, "nowhere").versions) == []


def test_the_next_run_asks_for_nothing_while_pages_are_fresh(index: Index, client: Callable[..., IndexClient]) -> None:
    for _ in range(2):
        run = client()
        run.metadata(only_file(run, index)).result(timeout=30)
        run.sdist(only_file(run, index, "other")).result(timeout=30)
        run.cache.keep()
        asked = len(index.requests)
    assert asked == len(index.requests) == 4


@pytest.mark.parametrize("validator", ["etag", "last-modified"])
def test_a_stale_page_is_revalidated(index: Index, client: Callable[..., IndexClient], validator: str) -> None:
    index.switches.cache_control = "max-age=0"
    index.switches.revalidation = frozenset({validator})  # type: ignore[arg-type]
    first = list(page(client(), index).versions)
    assert list(page(client(), index).versions) == first
    assert [request.status for request in index.requests] == [200, 304]


def test_a_page_that_has_changed_is_read_anew(index: Index, client: Callable[..., IndexClient]) -> None:
    index.switches.cache_control = "max-age=0"
    page(client(), index)
    index.add(wheel("demo", "1.1"))
    assert "1.1" in page(client(), index).versions


def test_without_validators_a_stale_page_is_fetched_anew(index: Index, client: Callable[..., IndexClient]) -> None:
    index.switches.cache_control = "no-cache"
    index.switches.revalidation = frozenset()
    page(client(), index)
    index.add(wheel("demo", "1.1"))
    assert "1.1" in page(client(), index).versions


def test_without_cache_control_a_page_is_taken_for_ten_minutes(
    index: Index, client: Callable[..., IndexClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    index.switches.cache_control = None
    started = time.time()
    page(client(), index)
    monkeypatch.setattr(time, "time", lambda: started + 590)
    page(client(), index)
    assert len(index.requests) == 1
    monkeypatch.setattr(time, "time", lambda: started + 610)
    page(client(), index)
    assert len(index.requests) == 2


def test_offline_the_cache_answers_however_old(index: Index, client: Callable[..., IndexClient]) -> None:
    index.switches.cache_control = "max-age=0"
    run = client()
    run.metadata(only_file(run, index)).result(timeout=30)
    run.cache.keep()
    index.requests.clear()
    run = client(offline=True)
    assert run.metadata(only_file(run, index)).result(timeout=30).name == "demo"
    assert index.requested() == []


def test_offline_what_the_cache_lacks_is_named(index: Index, client: Callable[..., IndexClient]) -> None:
    with pytest.raises(Unreachable, match=r"offline, and the cache does not hold:\n  the page \S+/simple/other/\n"):
        page(client(offline=True), index, "other")
    assert index.requested() == []


@pytest.mark.parametrize("damage", [b"", b"garbage", b'{"fetched": 1}\n', b"\x00\xff" * 50])
def test_a_damaged_cache_is_as_good_as_none(
    index: Index, client: Callable[..., IndexClient], tmp_path: Path, damage: bytes
) -> None:
    run = client()
    run.metadata(only_file(run, index)).result(timeout=30)
    run.cache.keep()
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(damage)
    run = client()
    assert run.metadata(only_file(run, index)).result(timeout=30).requires_dist == ("other>=2",)


def test_a_cache_that_cannot_be_written_is_no_fault(
    index: Index, client: Callable[..., IndexClient], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("a file where a folder should be")
    assert "1.0" in page(client(cache=tmp_path / "file"), index).versions


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=500), "answered 500"),
        (Fault(status=503), "answered 503"),
        (Fault(status=403), "answered 403"),
        (Fault(reset=True), "broke off|reset"),
        (Fault(garbage=b"{}"), "no content type where a project page was expected"),
        (Fault(hang=True), "no answer within 0.5 s"),
    ],
)
def test_an_index_in_trouble_is_named_with_the_reason_in_bounded_time(
    index: Index, client: Callable[..., IndexClient], fault: Fault, reason: str
) -> None:
    index.fault(fault)
    started = time.monotonic()
    with pytest.raises(Unreachable, match=rf"/simple/demo/: .*({reason})"):
        page(client(timeout=0.5), index)
    assert time.monotonic() - started < 10


def test_an_index_that_is_not_there_is_named(client: Callable[..., IndexClient]) -> None:
    with Index() as gone:
        pass
    with pytest.raises(Unreachable, match="connection refused"):
        page(client(), gone)


def test_a_passing_fault_is_met_with_a_second_attempt(index: Index, client: Callable[..., IndexClient]) -> None:
    index.fault(Fault("/simple/*", times=1, status=503))
    assert "1.0" in page(client(), index).versions


def test_a_host_that_does_not_answer_is_not_asked_for_each_project(
    index: Index, client: Callable[..., IndexClient]
) -> None:
    index.fault(Fault(hang=True))
    run = client(timeout=0.5)
    futures = [run.page(index.url, f"project-{number}", "x86_64") for number in range(100)]
    started = time.monotonic()
    for future in futures:
        with pytest.raises(Unreachable):
            future.result(timeout=30)
    assert time.monotonic() - started < 10


def test_a_file_with_another_hash_than_the_index_gives_is_broken(
    index: Index, client: Callable[..., IndexClient]
) -> None:
    index.switches.hashes = "wrong"
    run = client()
    with pytest.raises(BrokenDistribution, match=r"its hash \(sha256\) is not the one that the index gives"):
        run.sdist(only_file(run, index, "other")).result(timeout=30)


def test_a_wheel_without_metadata_is_broken(client: Callable[..., IndexClient], index: Index) -> None:
    index.switches.metadata = "absent"
    index.fault(Fault("/files/*", garbage=b"no zip"))
    index.switches.hashes = "none"
    run = client()
    with pytest.raises(BrokenDistribution, match=r"no wheel"):
        run.metadata(only_file(run, index)).result(timeout=30)


def test_credentials_are_sent_and_kept_out_of_everything_else(tmp_path: Path) -> None:
    with Index(Switches(credentials=("deploy", "s3cret/@"), metadata="absent")) as index:
        index.add(wheel("demo", "1.0"))
        transport = Transport(timeout=5)
        bare = transport.without_credentials(index.url_for("deploy", "s3cret/@"))
        run = IndexClient(transport, Cache(tmp_path))
        found = run.page(bare, "demo", "x86_64").result(timeout=30)
        file = found.files("1.0")[0]
        assert run.metadata(file).result(timeout=30).name == "demo"
        run.close()
    assert "s3cret" not in bare + file.url
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert stored
    assert b"s3cret" not in stored
    assert b"deploy:" not in stored


def test_missing_credentials_are_an_error(tmp_path: Path) -> None:
    with Index(Switches(credentials=("deploy", "secret"))) as index:
        run = IndexClient(Transport(timeout=5), Cache(tmp_path))
        with pytest.raises(Unreachable, match="answered 401"):
            run.page(index.url, "demo", "x86_64").result(timeout=30)
        run.close()


def test_what_another_run_may_read_is_not_stored_as_unknown(index: Index, client: Callable[..., IndexClient]) -> None:
    deep = sdist("deep", "1.0", files={"pyproject.toml": "a = " + "[" * 100_000})
    index.add(deep)
    for _ in range(2):
        run = client()
        assert not run.sdist(only_file(run, index, "deep")).result(timeout=30).repeatable
    assert index.requested("/files/deep*") == [f"/files/{deep.filename}"] * 2


def test_what_an_older_analysis_has_found_is_found_anew(
    index: Index, client: Callable[..., IndexClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    for analysis in (1, 2, 2):
        monkeypatch.setattr("pytest_deploycheck.resolution.sdist._ANALYSIS", analysis)
        run = client()
        run.sdist(only_file(run, index, "other")).result(timeout=30)
    assert index.requested("/files/other*") == ["/files/other-2.0.tar.gz"] * 2


def test_a_page_with_secrets_in_its_links_is_asked_for_anew(
    index: Index, client: Callable[..., IndexClient], tmp_path: Path
) -> None:
    links = {"login": index.origin.replace("://", "://deploy:s3cret@") + f"/files/{WHEEL}"}
    links["query"] = f"{index.origin}/files/{WHEEL}?token=s3cret"
    index.switches.metadata = "absent"
    for link in links.values():
        index.faults.clear()
        content = f'<a href="{link}">{WHEEL}</a>'.encode()
        index.fault(Fault("/simple/demo/", garbage=content, headers={"Content-Type": "text/html"}))
        for _ in range(2):
            run = client()
            file = only_file(run, index)
            assert run.metadata(file).result(timeout=30).name == "demo"
    assert len(index.requested("/simple/demo/")) == 4
    assert "s3cret" not in "".join(
        path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()
    )
