"""Connections of many threads to one host."""

from __future__ import annotations

import errno
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from index_server import Index, Switches, wheel
from pytest_deploycheck.resolution.http.transport import Transport, Unreachable


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were asked for: of hosts, not of addresses, which nobody has to be asked about."""
    names: list[str] = []
    look_up = socket.getaddrinfo

    def counted(host: Any, *arguments: Any, **options: Any) -> Any:
        if not str(host)[:1].isdigit():
            names.append(str(host))
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    return names


def test_sixteen_threads_look_a_host_up_once(looked_up: list[str]) -> None:
    with Index(Switches(delay=0.05)) as index, ThreadPoolExecutor(16) as threads:
        index.add(wheel("demo", "1.0"))
        url = f"{index.url.replace('127.0.0.1', 'localhost')}demo/"
        transport = Transport(timeout=5.0)
        answers = list(threads.map(lambda _: transport.get(url), range(32)))
    assert {answer.status for answer in answers} == {200}
    assert looked_up.count("localhost") == 1


def test_a_host_that_cannot_be_reached_is_looked_up_again_later(looked_up: list[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://localhost:{unused.getsockname()[1]}/simple/demo/"
        for _ in range(2):
            with pytest.raises(Unreachable, match="connection refused"):
                Transport(timeout=5.0).get(url)
    assert looked_up.count("localhost") > 1


def test_a_host_that_resets_the_connection_at_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    name_of_peer = socket.socket.getpeername
    resets = [OSError(errno.ENOTCONN, "Transport endpoint is not connected")]

    def reset_first(connection: socket.socket) -> Any:
        if resets:
            raise resets.pop()
        return name_of_peer(connection)

    monkeypatch.setattr(socket.socket, "getpeername", reset_first)
    with Index(Switches(delay=0.05)) as index, ThreadPoolExecutor(16) as threads:
        index.add(wheel("demo", "1.0"))
        transport = Transport(timeout=5.0)
        waiting = [threads.submit(transport.get, f"{index.url}demo/") for _ in range(16)]
        assert {future.result(timeout=30).status for future in waiting} == {200}
    assert not resets


def test_who_waits_for_the_first_connection_waits_no_longer_than_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looking, answered = threading.Event(), threading.Event()
    look_up = socket.getaddrinfo

    def slow(*arguments: Any, **options: Any) -> Any:
        looking.set()
        answered.wait(30)
        return look_up(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with Index() as index, ThreadPoolExecutor(1) as threads:
        index.add(wheel("demo", "1.0"))
        transport = Transport(timeout=0.1)
        threads.submit(transport.get, f"{index.url}demo/")
        assert looking.wait(10)
        started = time.monotonic()
        try:
            with pytest.raises(Unreachable, match=r"no answer within 0\.1 s"):
                transport.get(f"{index.url}other/")
            assert time.monotonic() - started < 3
        finally:
            answered.set()
