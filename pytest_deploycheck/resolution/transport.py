"""HTTP, with the patience and the pools that an index needs, on requests."""

from __future__ import annotations

import io
import os
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import url2pathname

import certifi
import requests
from requests.adapters import HTTPAdapter

WORKERS = 16
_ATTEMPTS = 2
_PAUSE = 0.3  # seconds, before the second attempt
_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})


class Unreachable(Exception):
    """An index, or a file on it, could not be had. The message names it, without credentials, and says why."""


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    :param headers: looked up without regard to case
    :param content: the whole body
    :param url: after redirects
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str


class Transport:
    """Fetches URLs; safe to use from several threads.

    A host that did not answer is not asked again: the many requests of a run fail together, at once.

    :param timeout: seconds to wait for a connection, and for each part of an answer
    :param cert: a bundle of certificate authorities; else what ``REQUESTS_CA_BUNDLE`` names, else certifi's
    :param client_cert: a file with a client's certificate and key
    :param proxy: for all requests; else what ``HTTPS_PROXY`` and the like name
    :param trusted_hosts: ``host`` or ``host:port``: their certificates are not checked
    """

    def __init__(
        self,
        *,
        timeout: float = 15.0,
        cert: str | None = None,
        client_cert: str | None = None,
        proxy: str | None = None,
        trusted_hosts: Iterable[str] = (),
    ) -> None:
        self._timeout = timeout
        self._trusted_hosts = set(trusted_hosts)
        self._credentials: dict[str, tuple[str, str]] = {}
        self._dead: dict[str, str] = {}
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.cert = client_cert
        if proxy:
            self._session.proxies = {"http": proxy, "https": proxy}
        bundle = cert or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
        self._session.mount("https://", _SharedContextAdapter(bundle))
        self._session.mount("http://", HTTPAdapter(pool_maxsize=WORKERS))

    def without_credentials(self, url: str) -> str:
        """The URL as it may be shown and stored; its credentials are kept for requests to that host."""
        parts = urlsplit(url)
        user, separator, password = (parts.netloc.rpartition("@")[0]).partition(":")
        if user:
            found = (unquote(user), unquote(password)) if separator else _from_keyring(url, unquote(user))
            self._credentials[parts.netloc.rpartition("@")[2]] = found
        return redacted(url)

    def trust(self, hosts: Iterable[str]) -> None:
        """Check the certificates of these hosts no longer (``--trusted-host``)."""
        self._trusted_hosts.update(hosts)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET, with one more attempt where the first met a passing fault.

        :raises Unreachable: no answer, or one of a server in trouble
        """
        parts = urlsplit(url)
        if parts.scheme == "file":
            return _read_local(url, parts.path)
        host = f"{parts.scheme}://{parts.hostname}:{parts.port}"
        for attempt in range(1, _ATTEMPTS + 1):
            with self._lock:
                if host in self._dead:
                    raise Unreachable(f"{redacted(url)}: {self._dead[host]}")
            answer, fault = self._attempt(url, headers)
            if answer is not None:
                return answer
            if attempt < _ATTEMPTS:
                time.sleep(_PAUSE)
        with self._lock:
            self._dead.setdefault(host, fault)
        raise Unreachable(f"{redacted(url)}: {fault}")

    def _attempt(self, url: str, headers: Mapping[str, str] | None) -> tuple[Answer | None, str]:
        parts = urlsplit(url)
        try:
            response = self._session.get(
                url,
                headers=headers,
                timeout=self._timeout,
                auth=self._credentials.get(parts.netloc),
                verify=self._trusted_hosts.isdisjoint((parts.netloc, parts.hostname or "")),
            )
        except requests.Timeout:
            return None, f"no answer within {self._timeout:g} s"
        except requests.RequestException as error:
            return None, _reason(error)
        if response.status_code in _RETRIED_STATUSES:
            return None, f"answered {response.status_code} {response.reason}"
        return Answer(response.status_code, response.headers, response.content, response.url), ""


class _SharedContextAdapter(HTTPAdapter):
    """One TLS context for all connections.

    requests reads the bundle of authorities anew for each connection, which for 16 threads takes longer than the
    pages of a small project (psf/requests#6667).
    """

    def __init__(self, bundle: str) -> None:
        folder = os.path.isdir(bundle)
        self._context = ssl.create_default_context(cafile=None if folder else bundle, capath=bundle if folder else None)
        super().__init__(pool_maxsize=WORKERS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        pool.pop("ca_certs", None)
        pool.pop("ca_cert_dir", None)
        return host, {**pool, "ssl_context": self._context}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
        conn.ca_certs = conn.ca_cert_dir = None


class RangedFile(io.RawIOBase):
    """A remote file of which only what is read is fetched, for :mod:`zipfile`.

    :param tail: bytes fetched first, from the end, where a zip archive has its directory
    :raises NotRanged: the server sends the whole file, which is then in ``whole``, or refuses
    :raises Unreachable: no answer
    """

    def __init__(self, transport: Transport, url: str, tail: int) -> None:
        super().__init__()
        self._transport = transport
        self._url = url
        self._position = 0
        self.received = 0
        answer = self._ask(f"-{tail}")
        self._length = _total_length(answer)
        self._parts = [(self._length - len(answer.content), answer.content)]

    def _ask(self, span: str) -> Answer:
        answer = self._transport.get(self._url, {"Range": f"bytes={span}", "Accept-Encoding": "identity"})
        self.received += len(answer.content)
        return answer

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._length if size < 0 else min(self._length, self._position + size)
        content = self._between(self._position, end)
        self._position = end
        return content

    def _between(self, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        for first, content in self._parts:
            if first <= start and end <= first + len(content):
                return content[start - first : end - first]
        # A few bytes more than asked for: zipfile reads a member's header, its name and its content one by one.
        last = min(self._length, max(end, start + 16_384)) - 1
        answer = self._ask(f"{start}-{last}")
        _total_length(answer)
        self._parts.append((start, answer.content))
        return answer.content[: end - start]


class NotRanged(Exception):
    """A server that does not serve ranges; ``whole`` is the file where it sent all of it."""

    def __init__(self, status: int, whole: bytes | None) -> None:
        super().__init__(f"answered {status} to a ranged request")
        self.whole = whole


def _total_length(answer: Answer) -> int:
    if answer.status == 200:
        raise NotRanged(200, answer.content)
    total = answer.headers.get("content-range", "").rpartition("/")[2]
    if answer.status != 206 or not total.isdigit():
        raise NotRanged(answer.status, None)
    return int(total)


def _from_keyring(url: str, user: str) -> tuple[str, str]:
    """The password for a user that a URL names without one, from keyring where that is installed, as pip does."""
    try:
        import keyring
    except ImportError:
        return user, ""
    parts = urlsplit(url)
    for service in (redacted(url), parts.netloc.rpartition("@")[2]):
        if (credential := keyring.get_credential(service, user)) is not None:
            return credential.username, credential.password
    return user, ""


def redacted(url: str) -> str:
    """The URL without its credentials, for every message and report."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _reason(error: requests.RequestException) -> str:
    text = str(error)
    return next((words for sign, words in _SIGNS.items() if sign in text), type(error).__name__)


_SIGNS = {
    "Connection refused": "connection refused",
    "Name or service not known": "the host name is not known",
    "nodename nor servname": "the host name is not known",
    "getaddrinfo failed": "the host name is not known",
    "Temporary failure in name resolution": "the host name cannot be looked up now",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted (PIP_CERT or REQUESTS_CA_BUNDLE names another bundle)",
    "Connection reset": "connection reset",
    "Connection aborted": "it broke off the connection",
    "Network is unreachable": "the network is unreachable",
}


def _read_local(url: str, path: str) -> Answer:
    location = Path(url2pathname(path))
    if location.is_dir():
        location = location / "index.html"
    try:
        content = location.read_bytes()
    except FileNotFoundError:
        return Answer(404, {}, b"", url)
    except OSError as error:
        raise Unreachable(f"{url}: {error.strerror}") from error
    return Answer(200, {"content-type": "text/html"}, content, url)
