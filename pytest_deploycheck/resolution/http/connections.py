"""The connections below requests: how long they wait, where they lead, and whom they believe.

A timeout of a socket bounds each wait, but not their sum: an index that sends a byte now and then would keep a run for
ever. So the time for a whole answer is bounded too, at the one place that all of it comes through, headers, body and
what a proxy says: where the socket is read.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import threading
import time
from collections.abc import Mapping
from concurrent import futures
from concurrent.futures import Future
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from requests import PreparedRequest, Request
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.response import BaseHTTPResponse

from pytest_deploycheck.resolution.http.answer import Answer
from pytest_deploycheck.resolution.http.authorities import Authorities

# An answer may take longer than the patience for its first byte by as long as its size needs at this rate ...
_SLOWEST = 10_000  # bytes per second
# ... but no longer than so many times the patience.
_LONGEST = 20

_BUFFER = 65_536


class _Deadline(threading.local):
    """When the answer that this thread waits for must be complete."""

    started = patience = 0.0  # seconds
    received = 0  # bytes
    # Whether it is waited for on a connection that was kept open after another one.
    is_on_kept = False

    def start(self, patience: float) -> None:
        self.started, self.patience = time.monotonic(), patience

    @property
    def left(self) -> float:
        """Seconds."""
        allowed = min(self.patience + self.received / _SLOWEST, _LONGEST * self.patience)
        return self.started + allowed - time.monotonic()

    @property
    def wait(self) -> float:
        """Seconds that the next part of the answer may take."""
        return max(0.01, min(self.patience, self.left))


deadline = _Deadline()


class _BoundedStream(io.RawIOBase):
    """What comes from a socket, until the deadline of the thread that reads it."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket) -> None:
        self._stream = stream
        self._socket = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = deadline.left
        if left <= 0:
            raise TimeoutError("timed out")
        if left < deadline.patience or self._socket.gettimeout() != deadline.patience:
            self._socket.settimeout(min(deadline.patience, max(0.01, left)))
        count = self._stream.readinto(buffer)
        deadline.received += count or 0
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedStream(raw, sock), _BUFFER)


class _Reached:
    """Where each host was reached first: there the other connections go too, without looking its name up again.

    Sixteen threads that ask for one name at the same time overrun small resolvers, and a lost question costs 5 seconds.
    """

    def __init__(self) -> None:
        self._addresses: dict[tuple[str, int | None], Future[str]] = {}
        self._lock = threading.Lock()

    def address(self, host: str, port: int | None) -> tuple[Future[str], bool]:
        """The host's address, once it is known, and whether it is for the caller to find it out."""
        with self._lock:
            is_first = (host, port) not in self._addresses
            return self._addresses.setdefault((host, port), Future()), is_first

    def forget(self, host: str, port: int | None) -> None:
        """Who comes next finds it out anew."""
        with self._lock:
            del self._addresses[host, port]


class _Opened:
    """The sockets that are open. Once they are closed, nobody waits for an answer: not on those opened later either.

    Python joins all threads before it exits, also after Ctrl-C.
    """

    def __init__(self) -> None:
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        self.is_closed = False

    def add(self, sock: socket.socket) -> None:
        """One that was opened now."""
        with self._lock:
            self._sockets.add(sock)
        if self.is_closed:
            _shut(sock)

    def close(self) -> None:
        """All of them, at once and for good."""
        self.is_closed = True
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            _shut(sock)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    response_class = _BoundedResponse

    def __init__(self, *arguments: Any, reached: _Reached, opened: _Opened, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._reached = reached
        self._opened = opened
        self._has_answered = False

    def putrequest(self, *arguments: Any, **options: Any) -> None:
        deadline.is_on_kept = self._has_answered
        super().putrequest(*arguments, **options)

    def getresponse(self) -> Any:
        response = super().getresponse()
        self._has_answered = True
        return response

    def connect(self) -> None:
        deadline.is_on_kept = self._has_answered = False
        if self._opened.is_closed:
            raise NewConnectionError(self, "the run is over")
        super().connect()
        if isinstance(self.sock, socket.socket):
            self._opened.add(self.sock)

    def _new_conn(self) -> socket.socket:
        """Who comes while the first one connects to the host waits, and shares its fate."""
        name = self._dns_host
        address, is_first = self._reached.address(name, self.port)
        if is_first:
            return self._connected_first(address)
        # What TLS and the Host header call the server stays the name.
        self._dns_host = self._found(address)
        try:
            return super()._new_conn()
        except HTTPError:
            self._dns_host = name
            return super()._new_conn()  # It may have moved.
        finally:
            self._dns_host = name

    def _connected_first(self, address: Future[str]) -> socket.socket:
        sock = None
        try:
            sock = super()._new_conn()
            found = sock.getpeername()[0]  # An error where the host has reset the connection already.
        except BaseException as error:
            if sock is not None:
                sock.close()
            self._reached.forget(self._dns_host, self.port)
            address.set_exception(error)
            raise
        address.set_result(found)
        return sock

    def _found(self, address: Future[str]) -> str:
        """No later than the deadline: the first one may be looking the name up for longer than that."""
        if not futures.wait([address], deadline.wait).done:
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out.")
        return address.result()


class _TlsConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        # --trusted-host is the user's word: urllib3 shall not warn of each request.
        self.is_verified = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection

    def connection(self) -> HTTPConnection:
        """A new one, not open yet, that the pool does not know."""
        return self._new_conn()  # type: ignore[return-value]


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection

    def connection(self) -> HTTPConnection:
        """See :class:`_Pool`."""
        return self._new_conn()  # type: ignore[return-value]


class DirectLine:
    """A connection without anything between it and the host; see :class:`.multiplexer.Line`.

    :param patience: seconds, as in :class:`_Deadline`
    """

    def __init__(self, connection: HTTPConnection, patience: float) -> None:
        self._connection = connection
        self._connection.timeout = patience
        self._patience = patience
        self._url = ""
        self._response: BaseHTTPResponse | None = None

    def open(self) -> None:
        """Connect."""
        self._wait()
        self._connection.connect()

    def send(self, url: str, headers: Mapping[str, str]) -> None:
        """Send a GET."""
        self._url = url
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        self._connection.request("GET", target, headers=headers, preload_content=False)

    def begin(self) -> None:
        """Wait for the head of the answer."""
        self._wait()
        self._response = self._connection.getresponse()

    def receive(self) -> Answer:
        """The answer, read to its end."""
        if self._response is None:
            self.begin()
        else:
            self._wait()
        response, self._response = self._response, None
        assert response is not None  # It has begun.
        content = response.read(decode_content=True)
        return Answer(response.status, response.headers, content, self._url)

    def _wait(self) -> None:
        """The time for what follows begins, in whichever thread that is."""
        deadline.start(self._patience)
        deadline.received = 0

    @property
    def is_open(self) -> bool:
        """Whether the host keeps it open after an answer."""
        return self._connection.sock is not None

    def fileno(self) -> int:
        """Of the socket."""
        return self._connection.sock.fileno()

    def close(self) -> None:
        """Also while another thread reads."""
        self._connection.close()


class Adapter(HTTPAdapter):
    """What requests sends with: connections as above, and one TLS context for all of them.

    requests itself would read its bundle for each new connection (https://github.com/psf/requests/issues/6667).

    :param connections: of a host that are kept open
    """

    def __init__(self, authorities: Authorities, connections: int) -> None:
        self._authorities = authorities
        self._opened = _Opened()
        shared: dict[str, Any] = {"reached": _Reached(), "opened": self._opened}
        self._pools = {"http": partial(_Pool, **shared), "https": partial(_TlsPool, **shared)}
        super().__init__(pool_connections=64, pool_maxsize=connections)

    def close(self) -> None:
        """Let nobody wait for an answer any longer."""
        self._opened.close()
        super().close()

    def line(self, url: str, patience: float, *, verify: bool) -> DirectLine:
        """A connection to the host of a URL, not open yet, and used by nobody else."""
        pool: Any = self.get_connection_with_tls_context(Request("GET", url).prepare(), verify)
        return DirectLine(pool.connection(), patience)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """See :class:`requests.adapters.HTTPAdapter`."""
        super().init_poolmanager(connections, maxsize, block, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """See :class:`requests.adapters.HTTPAdapter`."""
        if proxy.startswith("https:"):
            options["proxy_ssl_context"] = self._authorities.context(verified=True)
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: bool | str, cert: Any = None
    ) -> Any:
        """See :class:`requests.adapters.HTTPAdapter`."""
        host, options = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            options["ssl_context"] = self._authorities.context(verified=verify is not False)
        return host, options

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing: the context knows the authorities."""
