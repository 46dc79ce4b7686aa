"""What answers like no index at all: bare sockets, and proxies."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Behaviour = Callable[[socket.socket, threading.Event], None]


class RawServer:
    """Accepts connections and lets a function deal with each of them, in a thread of its own.

    :param behaviour: gets the connection, and an event that is set when it is time to stop
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.connections = 0
        self._behaviour = behaviour
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(0.05)
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/simple/"

    def __enter__(self) -> RawServer:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self.connections += 1
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._behaviour(connection, self._stopping)


def sends(*parts: bytes, every: float = 0.0, repeat: bytes = b"") -> Behaviour:
    """Reads a request, sends the parts, and then one and the same bytes again and again, or nothing more."""

    def behave(connection: socket.socket, stopping: threading.Event) -> None:
        connection.recv(65_536)
        for part in parts:
            connection.sendall(part)
        while repeat and not stopping.wait(every):
            connection.sendall(repeat)
        stopping.wait()

    return behave


@contextlib.contextmanager
def full_listener() -> Iterator[str]:
    """A URL at which a connection is never made: the queue of those that wait for it is full."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/simple/"


class Proxy:
    """A proxy for http and, with CONNECT, for https.

    :param authorization: the value of the header that it demands
    """

    def __init__(self, authorization: str | None = None) -> None:
        self.authorization = authorization
        self.requests: list[tuple[str, str]] = []
        self._server = _ProxyServer(("127.0.0.1", 0), _ProxyHandler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _ProxyServer(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients go away when they have what they want."""


class _ProxyHandler(BaseHTTPRequestHandler):
    server: _ProxyServer

    def log_message(self, format: str, *args: Any) -> None:
        """What was asked for stands in :attr:`Proxy.requests`."""

    def _is_refused(self) -> bool:
        proxy = self.server.proxy
        proxy.requests.append((self.command, self.path))
        if proxy.authorization in (None, self.headers.get("Proxy-Authorization")):
            return False
        self.send_response(407)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return True

    def do_GET(self) -> None:
        if self._is_refused():
            return
        host, _, path = self.path.removeprefix("http://").partition("/")
        with contextlib.closing(http.client.HTTPConnection(host)) as onward:
            headers = {name: value for name, value in self.headers.items() if "proxy" not in name.lower()}
            onward.request("GET", f"/{path}", headers=headers)
            answer = onward.getresponse()
            try:
                content = answer.read()
            except http.client.IncompleteRead as broken:
                content = broken.partial
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("server", "date", "connection"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_CONNECT(self) -> None:
        if self._is_refused():
            return
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port))) as onward:
            self.send_response(200)
            self.end_headers()
            pairs = {self.connection: onward, onward: self.connection}
            while True:
                ready, _, _ = select.select(list(pairs), [], [], 5)
                for each in ready:
                    content = each.recv(65_536)
                    if not content:
                        return
                    pairs[each].sendall(content)
                if not ready:
                    return
