"""The HTTP server: one :class:`Index` is one index, at a port of its own."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
import struct
import threading
import zlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from index_server.distributions import Distribution, normalised
from index_server.site import Project, Resource, Site, chosen_type
from index_server.switches import Fault, Switches

LAST_MODIFIED = "Mon, 23 Nov 2026 12:00:00 GMT"


@dataclass(frozen=True)
class Request:
    """One request as it came, and the status of what it got: 0 where it got none.

    :param headers: by lower-cased name
    :param sent: bytes of the body that was sent
    """

    method: str
    path: str
    headers: dict[str, str]
    status: int
    sent: int


class Index:
    """A package index at ``http://127.0.0.1:<port>/simple/``, from construction until :meth:`close`.

    :param switches: what kind of index it is; may be changed at any time through :attr:`switches`
    :param tls: with which it speaks https
    """

    def __init__(self, switches: Switches | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._scheme = "https" if tls else "http"
        self.site = Site(switches or Switches())
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self._server = _Server(self)
        if tls:
            # The handshake comes with the first read, which is the handler's, not the accepting thread's.
            plain = self._server.socket
            self._server.socket = tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        # The short poll interval is how long close() takes.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def switches(self) -> Switches:
        return self.site.switches

    @property
    def projects(self) -> dict[str, Project]:
        """What stands on it, by normalised name."""
        return self.site.projects

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """What ``--index-url`` takes, without credentials."""
        return f"{self.origin}/simple/"

    def url_for(self, user: str, password: str) -> str:
        """The URL with credentials in it."""
        return self.url.replace("://", f"://{quote(user, safe='')}:{quote(password, safe='')}@")

    def add(self, *distributions: Distribution) -> None:
        """Offer these files from now on."""
        self.site.add(distributions)

    def fault(self, fault: Fault) -> Fault:
        """Let something go wrong from now on; the first fault that strikes wins."""
        self.faults.append(fault)
        return fault

    def requested(self, paths: str = "*", method: str = "*") -> list[str]:
        """The paths asked for so far, in order, that match the globs; ``requests.clear()`` starts anew."""
        return [r.path for r in self.requests if fnmatchcase(r.path, paths) and fnmatchcase(r.method, method)]

    @property
    def missing(self) -> list[str]:
        """File names that were asked for although their content was never recorded."""
        names = {path.rpartition("/")[2].removesuffix(".metadata") for path in self.requested("/files/*")}
        files = [file for name in sorted(names) if (file := self.site.file(name)) is not None]
        return [file.filename for file in files if not file.is_recorded]

    def close(self) -> None:
        """Stop answering: connections that are open are cut, hanging ones too, and the port refuses new ones."""
        self._server.stop()
        self._thread.join()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    # Joined by server_close(): a handler that outlived its test would leave its socket to the garbage collector,
    # and the warning about that would fail another test.
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, index: Index) -> None:
        self.index = index
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no error here; a real one must not pass in silence."""
        import sys

        client_left = isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError, ssl.SSLError))
        if not client_left and not self.stopping.is_set():
            super().handle_error(request, client_address)

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        with self.lock:
            for each in self._connections:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave together; in two packets each answer would wait for the client's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._send(405)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: what was asked for stands in :attr:`Index.requests`."""

    def _answer(self) -> None:
        index = self.server.index
        path = urlsplit(self.path).path
        with self.server.lock:
            fault = next((each for each in index.faults if each.strikes(path)), None)
        self._truncated = bool(fault and fault.truncated)
        self.server.stopping.wait(index.switches.delay)
        if fault is None or not self._strike(fault):
            self._route(unquote(path))

    def _strike(self, fault: Fault) -> bool:
        """Do what goes wrong; whether nothing is left to answer."""
        self.server.stopping.wait(fault.delay)
        if fault.hang or fault.reset:
            self._record(0, 0)
            self.close_connection = True
            self._reset() if fault.reset else self.server.stopping.wait()
        elif fault.garbage is not None:
            self._send(fault.status or 200, fault.garbage, fault.headers)
        elif fault.status is not None:
            self._send(fault.status, headers=fault.headers)
        else:
            return False
        return True

    def _reset(self) -> None:
        """RST instead of FIN: closing with a linger time of nothing."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _route(self, path: str) -> None:
        switches = self.server.index.switches
        if self.command == "HEAD" and not switches.head:
            return self._send(405)
        if switches.credentials and self.headers.get("Authorization") != _basic(*switches.credentials):
            return self._send(401, b"credentials wanted", {"WWW-Authenticate": 'Basic realm="index"'})
        match path.strip("/").split("/"):
            case ["simple"]:
                self._page(None, path)
            case ["simple", name]:
                self._page(name, path)
            case ["files" | "elsewhere" as folder, filename]:
                self._file(folder, filename)
            case _:
                self._send(404)

    def _page(self, name: str | None, path: str) -> None:
        index = self.server.index
        canonical = "/simple/" if name is None else f"/simple/{normalised(name)}/"
        if path != canonical:
            redirect = index.switches.redirect_pages
            return self._send(301, headers={"Location": canonical}) if redirect else self._send(404)
        kind = chosen_type(self.headers.get("Accept", "*/*"), index.switches)
        if kind is None:
            return self._send(406)
        base = f"{index.origin}/files/" if index.switches.absolute_urls else "../../files/"
        resource = index.site.page(name, kind, base)
        if resource is None:
            return self._send(404)
        self._resource(resource)

    def _file(self, folder: str, filename: str) -> None:
        index = self.server.index
        if index.switches.redirect_files and folder == "files":
            return self._send(302, headers={"Location": f"/elsewhere/{quote(filename)}"})
        wants_metadata = filename.endswith(".metadata")
        file = index.site.file(filename.removesuffix(".metadata"))
        if file is None or file.metadata is None:
            return self._send(404, f"{filename}: not recorded".encode() if file else b"")
        if not wants_metadata:
            return self._ranged(Resource(file.content, "application/octet-stream"))
        if not file.is_wheel or index.switches.metadata in ("broken", "absent"):
            return self._send(404)
        self._resource(Resource(file.metadata.encode(), "text/plain; charset=utf-8"))

    def _ranged(self, resource: Resource) -> None:
        switches, wanted = self.server.index.switches, self.headers.get("Range")
        if wanted is None or switches.ranges == "ignored":
            return self._resource(resource, {} if switches.ranges == "ignored" else {"Accept-Ranges": "bytes"})
        whole = len(resource.content)
        span = _span(wanted, whole)
        if switches.ranges == "refused" or (wanted.startswith("bytes=-") and not switches.suffix_ranges):
            return self._send(switches.range_refusal)
        if span is None:
            return self._send(416, headers={"Content-Range": f"bytes */{whole}"})
        first, end = span
        headers = self._validators(resource) | {"Content-Range": f"bytes {first}-{end - 1}/{whole}"}
        self._send(206, resource.content[first:end], headers | {"Content-Type": resource.media_type})

    def _resource(self, resource: Resource, extra: dict[str, str] | None = None) -> None:
        headers = self._validators(resource) | (extra or {})
        if resource.cache_control:
            headers["Cache-Control"] = resource.cache_control
        if self._is_unchanged(headers):
            return self._send(304, headers=headers)
        self._send(200, resource.content, headers | {"Content-Type": resource.media_type, "Vary": "Accept"})

    def _validators(self, resource: Resource) -> dict[str, str]:
        kinds = self.server.index.switches.revalidation
        headers = {"ETag": resource.etag} if "etag" in kinds else {}
        return headers | ({"Last-Modified": LAST_MODIFIED} if "last-modified" in kinds else {})

    def _is_unchanged(self, headers: dict[str, str]) -> bool:
        """If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2)."""
        if (known := self.headers.get("If-None-Match")) is not None:
            return headers.get("ETag") in [each.strip() for each in known.split(",")]
        since = self.headers.get("If-Modified-Since")
        return since is not None and headers.get("Last-Modified") == since

    def _send(self, status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        headers = dict(headers or {})
        if (
            status == 200
            and "gzip" in self.headers.get("Accept-Encoding", "")
            and "json" in headers.get("Content-Type", "")
        ):
            content = _gzipped(content)
            headers["Content-Encoding"] = "gzip"
        body = b"" if self.command == "HEAD" else content[: len(content) // 2] if self._truncated else content
        self._record(status, len(body))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or self._truncated

    _truncated = False

    def _record(self, status: int, sent: int) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = unquote(urlsplit(self.path).path)
        self.server.index.requests.append(Request(self.command, path, headers, status, sent))


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _span(wanted: str, length: int) -> tuple[int, int] | None:
    """The first byte and the one after the last of a ``Range`` header; None where it cannot be satisfied."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, length - int(found[2])), length
    first, end = int(found[1]), min(length, int(found[2] or length) + 1)
    return (first, end) if first < end else None


def _gzipped(content: bytes) -> bytes:
    """gzip without a time in its header."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()
