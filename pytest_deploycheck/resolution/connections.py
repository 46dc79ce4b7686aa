"""Pools of connections: whom they believe, which way they go, and how long they wait. On urllib3.

A timeout of a socket bounds each wait, but not their sum: an index that sends a byte now and then would keep a run for
ever. So the time for a whole answer is bounded too, at the one place that all of it comes through, headers, body and
what a proxy says: where the socket is read.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import math
import os
import platform
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

# Connections of a host that are kept open: as many as there are threads to use them.
WORKERS = 16

# An answer may take longer than the patience for its first byte by as long as its size needs at this rate ...
_SLOWEST = 10_000  # bytes per second
# ... but no longer than so many times the patience.
_LONGEST = 20

_BUFFER = 65_536


class _Deadline(threading.local):
    """When the answer that this thread waits for must be complete."""

    started = -math.inf
    patience = math.inf
    received = 0

    def start(self, patience: float) -> None:
        self.started, self.patience, self.received = time.monotonic(), patience, 0

    @property
    def left(self) -> float:
        """Seconds."""
        allowed = min(self.patience + self.received / _SLOWEST, _LONGEST * self.patience)
        return self.started + allowed - time.monotonic()


deadline = _Deadline()


class _BoundedStream(io.RawIOBase):
    """What comes from a socket, until the deadline of the thread that reads it."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket) -> None:
        self._stream = stream
        self._socket = sock
        timeout = sock.gettimeout()
        self._timeout = math.inf if timeout is None else timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        wait = min(self._timeout, deadline.left)
        if wait <= 0:
            raise TimeoutError("the answer takes too long")
        if wait != math.inf:
            self._socket.settimeout(wait)
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


class _Addresses:
    """Where each host was reached first: there the other threads go too, without looking its name up again.

    Sixteen threads that ask for one name at the same time overrun small resolvers, and a lost question costs 5 seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[str, int], Future[str]] = {}

    def connect(self, host: str, port: int, connect: Callable[[str], socket.socket]) -> socket.socket:
        """Connect to where the host was reached; who comes while the first one connects waits, and shares its fate."""
        with self._lock:
            is_first = (host, port) not in self._found
            found = self._found.setdefault((host, port), Future())
        if is_first:
            return self._connect_first(host, port, connect, found)
        address = found.result()
        try:
            return connect(address)
        except urllib3.exceptions.HTTPError:
            return connect(host)  # It may have moved.

    def _connect_first(
        self, host: str, port: int, connect: Callable[[str], socket.socket], found: Future[str]
    ) -> socket.socket:
        try:
            sock = connect(host)
        except BaseException as error:
            with self._lock:
                del self._found[host, port]
            found.set_exception(error)
            raise
        found.set_result(sock.getpeername()[0])
        return sock


_addresses = _Addresses()


class _Connection(HTTPConnection):
    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        return _addresses.connect(self._dns_host, self.port or 0, self._connected)

    def _connected(self, address: str) -> socket.socket:
        # What TLS and the Host header call the server stays the name.
        host, self._dns_host = self._dns_host, address
        try:
            return super()._new_conn()
        finally:
            self._dns_host = host


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _TrustedConnection(_TlsConnection):
    def connect(self) -> None:
        super().connect()
        # --trusted-host is the user's word: urllib3 shall not warn of each request.
        self.is_verified = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _TrustedPool(HTTPSConnectionPool):
    ConnectionCls = _TrustedConnection


class BadCertificates(Exception):
    """A file with certificates cannot be used; the message names it."""


class NoSocks(Exception):
    """A SOCKS proxy is configured, and PySocks is not installed."""


class Authorities:
    """The certificate authorities that pip believes: those of a bundle, those of the system, and certifi's.

    Each of them takes about 20 ms to load, so the next ones are loaded when a certificate is not trusted.

    :param bundle: a file, or a folder as OpenSSL has it
    """

    def __init__(self, bundle: str | None, client_cert: str | None) -> None:
        self._bundle = bundle
        self._client_cert = client_cert
        self._lock = threading.Lock()
        self.stores = 0

    def context(self) -> ssl.SSLContext:
        """:raises BadCertificates: the bundle or the client's certificate cannot be read"""
        context = self._new_context()
        if self._bundle:
            folder = os.path.isdir(self._bundle)
            try:
                context.load_verify_locations(None if folder else self._bundle, self._bundle if folder else None)
            except OSError as error:
                names = "PIP_CERT, REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE"
                raise BadCertificates(f"no certificates can be read from {self._bundle} ({names} names it)") from error
            self.stores = 1
        else:
            self._load_more(context)
        return context

    def unverified_context(self) -> ssl.SSLContext:
        """For trusted hosts; one of its own, since whether to verify is a property of the context."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._load_client_cert(context)
        return context

    def has_more(self, context: ssl.SSLContext, seen: int) -> bool:
        """Whether there are others than the first ``seen`` stores; the next one is loaded then."""
        with self._lock:
            return self.stores > seen or self._load_more(context)

    def _load_more(self, context: ssl.SSLContext) -> bool:
        if self.stores <= 1:
            self.stores = 2
            before = context.cert_store_stats()["x509_ca"]
            context.load_default_certs()
            if context.cert_store_stats()["x509_ca"] > before:
                return True
        if self.stores == 2:
            import certifi

            self.stores = 3
            context.load_verify_locations(certifi.where())
            return True
        return False

    def _new_context(self) -> ssl.SSLContext:
        # Not ssl.create_default_context(): since Python 3.13 it refuses authorities that pip accepts.
        context = _keychain() or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._load_client_cert(context)
        return context

    def _load_client_cert(self, context: ssl.SSLContext) -> None:
        if self._client_cert:
            try:
                # An empty password, so that an encrypted key is an error and not a question on the terminal.
                context.load_cert_chain(self._client_cert, password="")
            except OSError as error:
                message = f"no certificate with its key can be read from {self._client_cert} (PIP_CLIENT_CERT names it)"
                raise BadCertificates(message) from error


def _keychain() -> ssl.SSLContext | None:
    """macOS keeps its authorities where OpenSSL cannot find them; pip reads them with truststore too."""
    if platform.system() != "Darwin":
        return None
    import truststore

    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return context


class Connections:
    """The pool to ask for a URL with.

    :param bundle: a file or folder with certificate authorities
    :param client_cert: a file with a client's certificate and key
    :param proxy: for all requests
    :param environment: whether ``HTTPS_PROXY``, ``NO_PROXY`` and the like, or the system's settings, are read
    """

    def __init__(self, bundle: str | None, client_cert: str | None, proxy: str | None, *, environment: bool) -> None:
        self._authorities = Authorities(bundle, client_cert)
        self._proxy = proxy
        self._environment = environment
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._managers: dict[tuple[str | None, bool, bool], urllib3.PoolManager] = {}
        self._proxies: dict[tuple[str, str], str | None] = {}
        self._lock = threading.RLock()

    def manager(self, url: str, *, trusted: bool) -> urllib3.PoolManager:
        """
        :param trusted: do not check the certificate
        :raises BadCertificates: a file with certificates cannot be used
        :raises NoSocks: the way leads through a SOCKS proxy, for which PySocks is missing
        """
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        proxy = self.proxy_of(parts.scheme, parts.netloc)
        key = (proxy, trusted, secure)
        with self._lock:
            if key not in self._managers:
                context = self._context(trusted) if secure or (proxy or "").startswith("https:") else None
                self._managers[key] = _manager(proxy, context, trusted)
            return self._managers[key]

    def proxy_of(self, scheme: str, netloc: str) -> str | None:
        """The proxy on the way to a host, with its credentials."""
        if self._proxy is not None or not self._environment:
            return self._proxy
        key = (scheme, netloc)
        if key not in self._proxies:
            self._proxies[key] = _environment_proxy(scheme, netloc)
        return self._proxies[key]

    @property
    def stores(self) -> int:
        """How many stores of authorities are loaded so far."""
        return self._authorities.stores

    def may_trust_after(self, seen: int) -> bool:
        """Whether to try a certificate again that so many stores did not know."""
        context = self._contexts.get(False)
        return context is not None and self._authorities.has_more(context, seen)

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            for manager in self._managers.values():
                manager.clear()

    def _context(self, trusted: bool) -> ssl.SSLContext:
        if trusted not in self._contexts:
            make = self._authorities.unverified_context if trusted else self._authorities.context
            self._contexts[trusted] = make()
        return self._contexts[trusted]


def _manager(proxy: str | None, context: ssl.SSLContext | None, trusted: bool) -> urllib3.PoolManager:
    options: dict[str, Any] = {"num_pools": 64, "maxsize": WORKERS, "ssl_context": context}
    if trusted:
        options |= {"cert_reqs": "CERT_NONE", "assert_hostname": False}
    if proxy is None:
        manager = urllib3.PoolManager(**options)
    elif proxy.startswith("socks"):
        return _socks_manager(proxy, options)
    else:
        manager = _proxy_manager(proxy, options)
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TrustedPool if trusted else _TlsPool}
    return manager


def _proxy_manager(proxy: str, options: dict[str, Any]) -> urllib3.PoolManager:
    address = urllib3.util.parse_url(proxy if "://" in proxy else f"http://{proxy}")
    auth = None
    if address.auth:
        from urllib.parse import unquote

        auth = urllib3.make_headers(proxy_basic_auth=":".join(map(unquote, address.auth.partition(":")[::2])))
    bare = address._replace(auth=None).url
    return urllib3.ProxyManager(bare, proxy_headers=auth, proxy_ssl_context=options["ssl_context"], **options)


def _socks_manager(proxy: str, options: dict[str, Any]) -> urllib3.PoolManager:
    try:
        from urllib3.contrib.socks import SOCKSProxyManager
    except ImportError:
        raise NoSocks("a SOCKS proxy is configured, and PySocks is not installed: pip install PySocks") from None
    manager: urllib3.PoolManager = SOCKSProxyManager(proxy, **options)
    return manager


def _environment_proxy(scheme: str, netloc: str) -> str | None:
    proxies = getproxies()
    if not proxies:
        return None
    host = (urlsplit(f"//{netloc}").hostname or "").strip("[]")
    if _bypassed(host, netloc, proxies.get("no", "") or os.environ.get("no_proxy", "")) or proxy_bypass(host):
        return None
    keys = (f"{scheme}://{host}", scheme, f"all://{host}", "all")
    return next((proxies[key] for key in keys if proxies.get(key)), None)


def _bypassed(host: str, netloc: str, no_proxy: str) -> bool:
    """Whether ``NO_PROXY`` names a host as requests, and so pip, understands it: networks and endings too."""
    entries = [each for each in no_proxy.replace(" ", "").split(",") if each]
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        return any(host.endswith(each) or netloc.endswith(each) for each in entries)
    return any(_is_in(address, each) for each in entries)


def _is_in(address: ipaddress.IPv4Address, entry: str) -> bool:
    try:
        return address in ipaddress.IPv4Network(entry, strict=False)
    except ValueError:
        return False
