"""Many pages and files of one index at once: one thread reads what goes well, and what does not is as it was alone."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from index_server import Fault, Index, Switches, wheel
from index_server.raw import Behaviour, Proxy, RawServer
from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.http.multiplexer import Multiplexer
from pytest_deploycheck.resolution.http.transport import WORKERS, Transport, Unreachable
from pytest_deploycheck.resolution.index import IndexClient
from pytest_deploycheck.resolution.page import ProjectPage

trustme = pytest.importorskip("trustme")

COUNT = 60
NAMES = [f"project-{number}" for number in range(COUNT)]


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as index:
        index.add(*(wheel(name, "1.0") for name in NAMES))
        yield index


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., IndexClient]]:
    clients = []

    def begin(transport: Transport | None = None) -> IndexClient:
        clients.append(IndexClient(transport or Transport(timeout=5.0), Cache(tmp_path / "cache")))
        return clients[-1]

    yield begin
    for each in clients:
        each.close()


def pages(client: IndexClient, url: str) -> list[Future[ProjectPage]]:
    return [client.page(url, name, "x86_64") for name in NAMES]


def versions(futures: list[Future[ProjectPage]]) -> list[list[str]]:
    return [list(future.result(timeout=30).versions) for future in futures]


def faults(futures: list[Future[ProjectPage]]) -> dict[str, str]:
    found = {}
    for name, future in zip(NAMES, futures, strict=True):
        if (fault := future.exception(timeout=30)) is not None:
            assert isinstance(fault, Unreachable)
            found[name] = str(fault)
    return found


def test_each_page_is_asked_for_once_and_all_but_the_first_few_are_read_by_one_thread(
    index: Index, run: Callable[..., IndexClient]
) -> None:
    readers: list[str] = []
    index.switches.delay = 0.1  # So that none is there before it is asked who has read it.
    futures = pages(run(), index.url)
    for future in futures:
        future.add_done_callback(lambda _: readers.append(threading.current_thread().name))
    assert versions(futures) == [["1.0"]] * COUNT
    assert sorted(index.requested()) == sorted(f"/simple/{name}/" for name in NAMES)
    assert readers.count("deploycheck") >= COUNT - 3


@pytest.mark.parametrize("metadata", ["advertised", "unadvertised", "absent"])
def test_what_files_require_is_read_as_well(index: Index, run: Callable[..., IndexClient], metadata: str) -> None:
    index.switches.metadata = metadata  # type: ignore[assignment]
    client = run()
    files = [future.result(timeout=30).files("1.0")[0] for future in pages(client, index.url)]
    found = [client.metadata(file) for file in files]
    assert [each.result(timeout=30).name for each in found] == NAMES


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=500), "answered 500"),
        (Fault(status=404), ""),
        (Fault(status=403), "answered 403"),
        (Fault(reset=True), "broke off|reset"),
        (Fault(truncated=True), "the answer broke off"),
        (Fault(garbage=b"{}"), "no content type where a project page was expected"),
        (Fault(hang=True), "no answer within 0.5 s"),
    ],
)
def test_what_goes_wrong_with_one_page_is_as_it_would_be_alone(
    index: Index, run: Callable[..., IndexClient], fault: Fault, reason: str
) -> None:
    fault.paths = "/simple/project-30/"
    index.fault(fault)
    futures = pages(run(Transport(timeout=0.5)), index.url)
    found = faults(futures)
    if fault.hang:
        # Who is silent once is not asked for what was not asked for by then.
        assert reason in found["project-30"]
        return
    assert list(found) == (["project-30"] if reason else [])
    if reason:
        assert any(each in found["project-30"] for each in reason.split("|"))


def test_an_index_that_fails_from_the_middle_on_is_named_for_each_page_it_did_not_give(
    index: Index, run: Callable[..., IndexClient]
) -> None:
    failing = [f"project-{number}" for number in range(30, 40)]
    index.fault(Fault("/simple/project-3?/", status=503))
    found = faults(pages(run(Transport(timeout=2.0)), index.url))
    assert sorted(found) == failing
    assert all("answered 503" in each for each in found.values())


def test_a_passing_fault_among_many_is_met_with_another_attempt(index: Index, run: Callable[..., IndexClient]) -> None:
    index.fault(Fault("/simple/project-30/", times=2, status=503))
    assert versions(pages(run(), index.url)) == [["1.0"]] * COUNT


def test_an_index_that_sends_on_each_page_is_followed(index: Index, run: Callable[..., IndexClient]) -> None:
    with Index() as first:
        for name in NAMES:
            first.fault(Fault(f"/simple/{name}/", status=302, headers={"Location": f"{index.url}{name}/"}))
        assert versions(pages(run(), first.url)) == [["1.0"]] * COUNT
        # The host that sends on is left to those that follow: nothing is asked twice.
        assert len(first.requests) == COUNT


def test_files_that_are_sent_on_are_followed(index: Index, run: Callable[..., IndexClient]) -> None:
    index.switches.metadata, index.switches.redirect_files = "absent", True
    client = run()
    files = [future.result(timeout=30).files("1.0")[0] for future in pages(client, index.url)]
    assert [each.result(timeout=30).name for each in map(client.metadata, files)] == NAMES


def test_a_login_is_sent_with_each_request(run: Callable[..., IndexClient]) -> None:
    with Index(Switches(credentials=("deploy", "s3cret/@"))) as index:
        index.add(*(wheel(name, "1.0") for name in NAMES))
        transport = Transport(timeout=5)
        bare = transport.without_credentials(index.url_for("deploy", "s3cret/@"))
        assert versions(pages(run(transport), bare)) == [["1.0"]] * COUNT
        assert {request.status for request in index.requests} == {200}


@pytest.mark.parametrize("believed", ["a bundle", "a trusted host"])
def test_it_is_the_same_over_tls(
    run: Callable[..., IndexClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, believed: str
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    options = {"cert": str(tmp_path / "authority.pem")} if believed == "a bundle" else {"trusted_hosts": ["127.0.0.1"]}
    readers: list[str] = []
    with Index(Switches(delay=0.1), tls=context) as index:
        index.add(*(wheel(name, "1.0") for name in NAMES))
        futures = pages(run(Transport(timeout=5, **options)), index.url)  # type: ignore[arg-type]
        for future in futures:
            future.add_done_callback(lambda _: readers.append(threading.current_thread().name))
        assert versions(futures) == [["1.0"]] * COUNT
    assert readers.count("deploycheck") >= COUNT - 3


def test_whoever_is_reached_through_a_proxy_is_asked_through_it_each_time(
    index: Index, run: Callable[..., IndexClient]
) -> None:
    with Proxy() as proxy:
        client = run(Transport(timeout=5, proxy=f"http://{proxy.address}"))
        assert versions(pages(client, index.url)) == [["1.0"]] * COUNT
        assert len(proxy.requests) == len(index.requests) == COUNT
        client.close()


def answering(*, closing: bool = False, pause: float = 0.0, silently_after: int = 1_000) -> Behaviour:
    """Gives each request the same page.

    :param closing: each connection after its first answer, and says so
    :param pause: seconds before an answer
    :param silently_after: so many answers on a connection it reads one more request, and closes
    """
    page = b'{"meta": {"api-version": "1.0"}, "name": "x", "files": []}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.pypi.simple.v1+json\r\nContent-Length: {len(page)}\r\n"
    answer = head.encode() + (b"Connection: close\r\n\r\n" if closing else b"\r\n") + page

    def behave(connection: socket.socket, stopping: threading.Event) -> None:
        connection.settimeout(10)
        for _ in range(silently_after):
            if not connection.recv(65_536) or stopping.wait(pause):
                return
            connection.sendall(answer)
            if closing:
                return
        connection.recv(65_536)

    return behave


def test_a_host_that_takes_its_time_gets_more_connections_and_no_more_than_a_few(
    run: Callable[..., IndexClient],
) -> None:
    with RawServer(answering(pause=0.05)) as server:
        client = run()
        assert versions(pages(client, server.url)) == [[]] * COUNT
        client.close()
        assert 4 < server.connections <= WORKERS + 3  # Some are of the threads that asked first.


def test_a_host_that_closes_each_connection_is_asked_all_the_same(run: Callable[..., IndexClient]) -> None:
    with RawServer(answering(closing=True)) as server:
        assert versions(pages(run(), server.url)) == [[]] * COUNT
        assert server.connections == COUNT


@pytest.mark.parametrize("answers", [1, 2, 5])
def test_a_host_may_close_a_connection_while_the_next_request_is_on_its_way(
    run: Callable[..., IndexClient], answers: int
) -> None:
    with RawServer(answering(silently_after=answers)) as server:
        client = run()
        assert versions(pages(client, server.url)) == [[]] * COUNT
        client.close()


def test_a_fault_of_the_thread_that_reads_is_told_to_whoever_waits_for_it(
    index: Index, run: Callable[..., IndexClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(self: Multiplexer, opened: object) -> None:
        raise LookupError("a fault of its own")

    monkeypatch.setattr(Multiplexer, "_read", read)
    client = run()
    futures = pages(client, index.url)
    found = [future.exception(timeout=30) for future in futures]
    assert {type(fault) for fault in found} <= {LookupError, type(None)}
    assert any(found)
    with pytest.raises(LookupError, match="a fault of its own"):
        client.page(index.url, "later", "x86_64").result(timeout=30)


def test_whoever_waits_when_it_is_closed_waits_no_longer(index: Index, run: Callable[..., IndexClient]) -> None:
    client = run()
    versions(pages(client, index.url)[:1])
    index.fault(Fault(hang=True))
    futures = [client.page(index.url, f"other-{number}", "x86_64") for number in range(COUNT)]
    started = time.monotonic()
    while len(index.requests) < 4 and time.monotonic() - started < 10:
        time.sleep(0.01)
    client.close()
    assert all(future.cancelled() for future in futures)
    assert client.page(index.url, "later", "x86_64").cancelled()
