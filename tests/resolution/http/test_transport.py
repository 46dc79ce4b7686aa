"""How indexes are asked: logins, certificates, proxies, redirects, and every way in which they do not answer."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from urllib3.util import connection as urllib3_connection

from index_server import Fault, Index, Switches, wheel
from index_server.raw import Behaviour, Proxy, RawServer, full_listener, sends
from pytest_deploycheck.resolution.http import connections
from pytest_deploycheck.resolution.http.transport import Transport, Unreachable

trustme = pytest.importorskip("trustme")

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.fixture(autouse=True)
def no_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as index:
        index.add(wheel("demo", "1.0"))
        yield index


def page_of(index: Index) -> str:
    return f"{index.url}demo/"


def fault_of(transport: Transport, url: str) -> str:
    with pytest.raises(Unreachable) as caught:
        transport.get(url)
    return str(caught.value)


# An index that does not answer.

SILENCES: dict[str, Behaviour] = {
    "nothing": sends(),
    "nothing after a part of the headers": sends(HEAD),
    "headers, byte by byte": sends(HEAD + b"X: ", every=0.02, repeat=b"x"),
    "the body, byte by byte": sends(HEAD + b"Content-Length: 1000000\r\n\r\n", every=0.02, repeat=b"x"),
    "a body of unknown length, byte by byte": sends(HEAD + b"\r\n", every=0.02, repeat=b"x"),
    "chunks of a byte": sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", every=0.02, repeat=b"1\r\nx\r\n"),
    "a chunk's length, byte by byte": sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", every=0.02, repeat=b"0"),
    "half a body": sends(HEAD + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1000),
}


@pytest.mark.parametrize("behaviour", SILENCES.values(), ids=SILENCES)
def test_whatever_an_index_is_silent_after_the_time_is_bounded(behaviour: Behaviour) -> None:
    with RawServer(behaviour) as server:
        started = time.monotonic()
        assert "answer within 0.1 s" in fault_of(Transport(timeout=0.1), server.url)
        assert time.monotonic() - started < 3
        assert server.connections == 2


def test_connections_that_are_closed_while_the_next_request_is_on_its_way_say_nothing_of_the_host() -> None:
    def behave(connection: socket.socket, stopping: threading.Event) -> None:
        connection.settimeout(10)
        connection.recv(65_536)
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
        connection.recv(65_536)

    with RawServer(behave) as server:
        transport = Transport(timeout=5)
        with ThreadPoolExecutor(8) as threads:
            assert [each.content for each in threads.map(transport.get, [server.url] * 40)] == [b"ok"] * 40
        transport.close()


def test_once_it_is_closed_nobody_waits_for_an_answer() -> None:
    with RawServer(SILENCES["nothing"]) as server, ThreadPoolExecutor(2) as threads:
        transport = Transport(timeout=20)
        asked = threads.submit(fault_of, transport, server.url)
        while not server.connections:
            time.sleep(0.01)
        transport.close()
        assert "broke off the connection" in asked.result(timeout=5)


def test_who_comes_after_that_does_not_connect() -> None:
    with RawServer(SILENCES["nothing"]) as server:
        transport = Transport(timeout=20)
        transport.close()
        assert fault_of(transport, server.url)
        assert not server.connections


def test_a_connection_that_was_being_made_meanwhile_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    connecting, closed = threading.Event(), threading.Event()

    def create_connection(*arguments: Any, **options: Any) -> socket.socket:
        connecting.set()
        closed.wait(10)
        return connect(*arguments, **options)

    connect = urllib3_connection.create_connection
    monkeypatch.setattr(urllib3_connection, "create_connection", create_connection)
    with RawServer(SILENCES["nothing"]) as server, ThreadPoolExecutor(2) as threads:
        transport = Transport(timeout=20)
        asked = threads.submit(fault_of, transport, server.url)
        connecting.wait(10)
        transport.close()
        closed.set()
        assert "broke off the connection" in asked.result(timeout=5)


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_LONGEST", 3)
    with RawServer(sends(HEAD + b"\r\n", every=0.01, repeat=b"x" * 10_000)) as server:
        started = time.monotonic()
        assert "no complete answer within 0.1 s" in fault_of(Transport(timeout=0.1), server.url)
        assert time.monotonic() - started < 4


def test_a_large_answer_may_take_longer_than_a_small_one() -> None:
    def slowly(connection: Any, stopping: Any) -> None:
        connection.recv(65_536)
        connection.sendall(HEAD + b"Content-Length: 80000\r\n\r\n")
        for _ in range(8):
            stopping.wait(0.1)
            connection.sendall(b"x" * 10_000)

    with RawServer(slowly) as server:
        assert len(Transport(timeout=0.3).get(server.url).content) == 80_000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fills a queue as Linux counts it")
def test_a_connection_that_is_never_made_is_given_up() -> None:
    with full_listener() as url:
        started = time.monotonic()
        assert "no answer within 0.1 s" in fault_of(Transport(timeout=0.1), url)
        assert time.monotonic() - started < 3


def test_a_handshake_that_is_never_made_is_given_up() -> None:
    with RawServer(sends()) as server:
        started = time.monotonic()
        url = server.url.replace("http:", "https:")
        assert "no answer within 0.1 s" in fault_of(Transport(timeout=0.1), url)
        assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"\x16\x03\x01 this is no HTTP\r\n\r\n", "what answers there does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", "the answer cannot be decoded"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nnope", "the answer broke off"),
        (b"", "it broke off the connection"),
    ],
)
def test_garbage_is_named(sent: bytes, words: str) -> None:
    def behave(connection: Any, stopping: Any) -> None:
        connection.recv(65_536)
        connection.sendall(sent)

    with RawServer(behave) as server:
        assert fault_of(Transport(timeout=2), server.url).endswith(words)


def test_https_where_http_is_spoken_is_named(index: Index) -> None:
    message = fault_of(Transport(timeout=2), page_of(index).replace("http:", "https:"))
    assert message.endswith("it does not speak TLS: is it http, not https?")


def test_a_host_that_does_not_answer_is_not_asked_for_the_next_page() -> None:
    with RawServer(sends()) as server:
        transport = Transport(timeout=0.1)
        fault_of(transport, f"{server.url}demo/")
        message = fault_of(transport, f"{server.url}other/")
        assert server.connections == 2
        assert message == f"{server.url}demo/: no answer within 0.1 s; so {server.url}other/ was not asked for"


def test_a_host_that_is_silent_behind_a_redirect_is_the_one_that_is_not_asked_again(index: Index) -> None:
    with RawServer(sends()) as server:
        for project in ("first", "second"):
            redirecting(index, f"{server.url}{project}/", f"/simple/{project}/")
        transport = Transport(timeout=0.1)
        fault_of(transport, f"{index.url}first/")
        message = fault_of(transport, f"{index.url}second/")
        assert message.endswith(f"(from {server.url}first/); so {server.url}second/ was not asked for")
        assert server.connections == 2
        assert transport.get(page_of(index)).status == 200


@pytest.mark.parametrize(
    "error", [{"status": 500}, {"status": 429}, {"truncated": True}], ids=["500", "429", "half an answer"]
)
def test_an_error_is_remembered_for_its_url_alone(index: Index, error: dict[str, Any]) -> None:
    index.add(wheel("other", "1.0"))
    index.fault(Fault("/simple/other/", **error))
    transport = Transport(timeout=5)
    messages = {fault_of(transport, f"{index.url}other/") for _ in range(3)}
    assert len(messages) == 1
    assert index.requested("/simple/other/") == ["/simple/other/"] * 2
    assert transport.get(page_of(index)).status == 200


def test_a_host_with_nothing_but_errors_gets_no_second_attempt_for_each_url(index: Index) -> None:
    index.fault(Fault(status=503))
    transport = Transport(timeout=5)
    started = time.monotonic()
    for number in range(50):
        assert "answered 503" in fault_of(transport, f"{index.url}project-{number}/")
    assert time.monotonic() - started < 5
    assert len(index.requests) == 53


def test_after_an_answer_a_host_with_errors_gets_second_attempts_again(index: Index) -> None:
    index.fault(Fault("/simple/bad-*/", status=503))
    transport = Transport(timeout=5)
    for number in range(4):
        fault_of(transport, f"{index.url}bad-{number}/")
    index.fault(Fault("/simple/demo/", times=1, status=503))
    assert "answered 503" in fault_of(transport, page_of(index))
    assert transport.get(f"{index.url}nowhere/").status == 404
    index.fault(Fault("/simple/other/", times=1, status=503))
    assert transport.get(f"{index.url}other/").status == 404


def test_retry_after_is_waited_for_if_it_is_short(index: Index) -> None:
    index.fault(Fault(times=1, status=429, headers={"Retry-After": "1"}))
    started = time.monotonic()
    assert Transport(timeout=5).get(page_of(index)).status == 200
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_told_if_it_is_long(index: Index, status: int) -> None:
    index.fault(Fault(status=status, headers={"Retry-After": "3600"}))
    message = fault_of(Transport(timeout=5), page_of(index))
    assert f"answered {status}" in message
    assert message.endswith("and asks to come back in 3600 s")
    assert len(index.requests) == 1


def test_retry_after_may_be_a_date(index: Index) -> None:
    index.fault(Fault(status=429, headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}))
    assert "asks to come back in" in fault_of(Transport(timeout=5), page_of(index))


@pytest.mark.parametrize("url", ["http://", "https://[::1/simple/", "http://user:pa/ss@127.0.0.1/simple/", "nonsense"])
def test_what_is_no_url_is_no_crash(url: str) -> None:
    message = fault_of(Transport(timeout=1), url)
    assert "pa/ss" not in message


# Redirects.


def redirecting(index: Index, target: str, paths: str = "/simple/*") -> None:
    index.fault(Fault(paths, status=302, headers={"Location": target}))


def test_a_redirect_is_followed(index: Index) -> None:
    with Index() as other:
        redirecting(other, page_of(index))
        answer = Transport(timeout=5).get(f"{other.url}demo/")
    assert (answer.status, answer.url) == (200, page_of(index))


def test_a_redirect_to_another_host_does_not_carry_credentials_along(index: Index) -> None:
    with Index() as other:
        redirecting(other, page_of(index))
        transport = Transport(timeout=5)
        transport.get(f"{transport.without_credentials(other.url_for('user', 'secret'))}demo/")
        assert other.requests[0].headers["authorization"] == f"Basic {base64.b64encode(b'user:secret').decode()}"
    assert "authorization" not in index.requests[0].headers


def test_a_redirect_to_another_host_with_credentials_of_its_own_has_those() -> None:
    with Index() as first, Index(Switches(credentials=("own", "key"))) as second:
        second.add(wheel("demo", "1.0"))
        redirecting(first, second.url_for("own", "key") + "demo/")
        answer = Transport(timeout=5).get(f"{first.url}demo/")
        assert answer.status == 200
        assert answer.url == page_of(second)


def test_a_redirect_on_the_same_host_keeps_credentials() -> None:
    with Index(Switches(credentials=("user", "secret"), redirect_files=True)) as index:
        index.add(wheel("demo", "1.0"))
        transport = Transport(timeout=5)
        transport.without_credentials(index.url_for("user", "secret"))
        assert transport.get(f"{index.origin}/files/demo-1.0-py3-none-any.whl").status == 200


def test_redirects_in_a_circle_end(index: Index) -> None:
    redirecting(index, page_of(index))
    assert fault_of(Transport(timeout=5), page_of(index)).endswith("it was redirected 20 times")


def test_a_redirect_to_a_file_is_not_followed(index: Index) -> None:
    redirecting(index, "file:///etc/passwd")
    assert Transport(timeout=5).get(page_of(index)).status == 302


def test_silence_behind_a_redirect_names_where(index: Index) -> None:
    with RawServer(sends()) as server:
        redirecting(index, f"{server.url}demo/")
        message = fault_of(Transport(timeout=0.1), page_of(index))
        assert message == f"{page_of(index)}: no answer within 0.1 s (from {server.url}demo/)"


# Certificates.


@pytest.fixture(scope="module")
def authority() -> Any:
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("certificates") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def other_bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("certificates") / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return str(path)


def server_context(authority: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture
def secure_index(authority: Any) -> Iterator[Index]:
    with Index(tls=server_context(authority)) as index:
        index.add(wheel("demo", "1.0"))
        yield index


def test_a_certificate_of_an_unknown_authority_is_named(secure_index: Index) -> None:
    assert "its certificate is not trusted" in fault_of(Transport(timeout=5), page_of(secure_index))


@pytest.mark.parametrize("name", ["PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_bundle_is_believed(secure_index: Index, bundle: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name != "PIP_CERT":
        monkeypatch.setenv(name, bundle)
    transport = Transport(timeout=5, cert=bundle if name == "PIP_CERT" else None)
    assert transport.get(page_of(secure_index)).status == 200


def test_the_environment_goes_before_pips_cert(
    secure_index: Index, bundle: str, other_bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other_bundle)
    assert "not trusted" in fault_of(Transport(timeout=5, cert=bundle), page_of(secure_index))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert Transport(timeout=5, cert=other_bundle).get(page_of(secure_index)).status == 200
    # Unless nothing of the environment counts.
    assert "not trusted" in fault_of(Transport(timeout=5, environment=False), page_of(secure_index))


def test_the_systems_authorities_are_believed_besides_a_bundle(
    secure_index: Index, bundle: str, other_bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    assert Transport(timeout=5, cert=other_bundle).get(page_of(secure_index)).status == 200


def test_a_bundle_that_cannot_be_read_is_named(secure_index: Index) -> None:
    message = fault_of(Transport(timeout=5, cert="/nowhere/ca.pem"), page_of(secure_index))
    assert "no certificates can be read from /nowhere/ca.pem (PIP_CERT, REQUESTS_CA_BUNDLE" in message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:{port}"])
def test_a_trusted_hosts_certificate_is_not_checked(secure_index: Index, host: str) -> None:
    port = secure_index.origin.rpartition(":")[2]
    transport = Transport(timeout=5, trusted_hosts=[host.format(port=port)])
    assert transport.get(page_of(secure_index)).status == 200


def test_trusting_one_host_does_not_trust_another(secure_index: Index, authority: Any) -> None:
    transport = Transport(timeout=5, trusted_hosts=["127.0.0.1"])
    transport.get(page_of(secure_index))
    assert "not trusted" in fault_of(transport, page_of(secure_index).replace("127.0.0.1", "localhost"))
    assert transport.get(page_of(secure_index)).status == 200


def test_a_clients_certificate_is_shown(authority: Any, bundle: str, tmp_path: Path) -> None:
    context = server_context(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    client = tmp_path / "client.pem"
    authority.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(str(client))
    with Index(tls=context) as index:
        index.add(wheel("demo", "1.0"))
        assert Transport(timeout=5, cert=bundle, client_cert=str(client)).get(page_of(index)).status == 200
        trusting = Transport(timeout=5, trusted_hosts=["127.0.0.1"], client_cert=str(client))
        assert trusting.get(page_of(index)).status == 200
        # The server's word may be lost when it closes the connection.
        words = r"wants a client's certificate|the TLS connection failed|connection reset|broke off"
        assert re.search(words, fault_of(Transport(timeout=5, cert=bundle), page_of(index)))
        message = fault_of(Transport(timeout=5, cert=bundle, client_cert="/nowhere.pem"), page_of(index))
        assert message.endswith("can be read from /nowhere.pem (PIP_CLIENT_CERT names it)")


# Proxies.


def test_pips_proxy_is_for_everything(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Proxy() as proxy:
        assert Transport(timeout=5, proxy=f"http://{proxy.address}").get(page_of(index)).status == 200
        assert proxy.requests == [("GET", page_of(index))]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_the_environments_proxy_is_used(index: Index, monkeypatch: pytest.MonkeyPatch, name: str, scheme: str) -> None:
    with Proxy() as proxy:
        monkeypatch.setenv(name, f"{scheme}{proxy.address}")
        assert Transport(timeout=5).get(page_of(index)).status == 200
        assert len(proxy.requests) == 1
        assert Transport(timeout=5, environment=False).get(page_of(index)).status == 200
        assert len(proxy.requests) == 1


@pytest.mark.parametrize(
    ("no_proxy", "is_used"),
    [("127.0.0.1", False), ("127.0.0.0/8", False), ("*", False), ("10.0.0.0/8, example.org", True), ("", True)],
)
def test_no_proxy_names_hosts_and_networks(
    index: Index, monkeypatch: pytest.MonkeyPatch, no_proxy: str, is_used: bool
) -> None:
    with Proxy() as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
        monkeypatch.setenv("no_proxy", no_proxy)
        Transport(timeout=5).get(page_of(index))
        assert bool(proxy.requests) == is_used


def test_https_goes_through_a_tunnel(secure_index: Index, bundle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    authorization = f"Basic {base64.b64encode(b'user:p@ss').decode()}"
    with Proxy(authorization) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:p%40ss@{proxy.address}")
        assert Transport(timeout=5, cert=bundle).get(page_of(secure_index)).status == 200
        assert proxy.requests == [("CONNECT", secure_index.origin.removeprefix("https://"))]


def test_a_proxy_that_refuses_is_named_without_its_credentials(secure_index: Index) -> None:
    with Proxy("Basic other") as proxy:
        transport = Transport(timeout=5, proxy=f"http://user:secret@{proxy.address}")
        message = fault_of(transport, page_of(secure_index))
    assert message == (
        f"{page_of(secure_index)}: the proxy wants credentials (407) (through the proxy http://{proxy.address})"
    )


def test_a_proxy_that_is_not_there_is_named(index: Index) -> None:
    message = fault_of(Transport(timeout=5, proxy="user:secret@127.0.0.1:9"), page_of(index))
    assert message == f"{page_of(index)}: connection refused (through the proxy //127.0.0.1:9)"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_silent_takes_bounded_time(scheme: str, index: Index) -> None:
    with RawServer(sends(b"HTTP/1.1 200 OK\r\nX: ", every=0.02, repeat=b"x")) as server:
        started = time.monotonic()
        transport = Transport(timeout=0.1, proxy=server.url.removesuffix("/simple/"))
        message = fault_of(transport, page_of(index).replace("http:", f"{scheme}:"))
        assert "answer within 0.1 s" in message
        assert time.monotonic() - started < 3


# Which indexes pip takes.


TRUSTED = ["trusted.example.org", "port.example.org:8080"]


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://example.org/simple", True),
        ("http://example.org/simple", False),
        ("http://Trusted.example.org/simple", True),
        ("http://trusted.example.org:8080/simple", True),
        ("http://port.example.org:8080/simple", True),
        ("http://port.example.org/simple", False),
        ("http://localhost:3141/simple", True),
        ("http://127.1.2.3/simple", True),
        ("http://[::1]:80/simple", True),
        ("file:///srv/simple", True),
    ],
)
def test_an_index_without_tls_is_taken_from_this_machine_and_trusted_hosts_only(url: str, secure: bool) -> None:
    from pip._internal.models.link import Link
    from pip._internal.network.session import PipSession

    assert Transport(trusted_hosts=TRUSTED).is_secure(url) is secure
    assert PipSession(trusted_hosts=TRUSTED).is_secure_origin(Link(url)) is secure
