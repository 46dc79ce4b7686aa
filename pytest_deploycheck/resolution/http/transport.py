"""HTTP with the patience that an index needs: attempts, redirects, logins, and hosts that do not answer.

What it takes to speak HTTP (requests, urllib3, TLS) is imported for the first request: a run whose answers are all in
the cache needs none of it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import ipaddress
import os
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from pytest_deploycheck.refusal import reason_of
from pytest_deploycheck.resolution.http.answer import NO_URL, Answer, Fault, Unreachable, origin, refusal
from pytest_deploycheck.resolution.http.credentials import Credentials, redacted
from pytest_deploycheck.urls import path_of

if TYPE_CHECKING:
    from pytest_deploycheck.resolution.http.multiplexer import Line
    from pytest_deploycheck.resolution.http.requests_session import Session

__all__ = ["WORKERS", "Answer", "Transport", "Unreachable", "redacted", "refusal"]

# Threads that ask at the same time, and so connections of a host that are kept open.
WORKERS = 16

_MOST_REDIRECTS = 20
_BRIEF = 5.0  # seconds
# After so many errors of a host in a row, there is but one attempt for each of its other URLs.
_MOST_FAILURES = 3


class Transport:
    """Fetches URLs; safe to use from several threads.

    A host that did not answer is not asked again: the many requests of a run fail together, at once. One that answers,
    but with an error, is asked for other URLs: it may be one that only :class:`.Ahead` wants, and pip never asks for.
    So that an index with nothing but errors does not take the time of a second attempt for each of its pages, it gets
    none once some of them have failed in a row.

    :param timeout: seconds to wait for a connection, and for each part of an answer; a whole answer may take as long,
        and a second more for every 10 kB of it
    :param cert: a bundle of certificate authorities, besides the system's; ``REQUESTS_CA_BUNDLE`` and
        ``CURL_CA_BUNDLE`` go before it, as in pip
    :param client_cert: a file with a client's certificate and key
    :param proxy: for all requests; the environment then counts no longer, neither for proxies nor for bundles
    :param environment: False, and the environment does not count in any case (pip's ``--no-proxy-env``)
    :param trusted_hosts: ``host`` or ``host:port``: their certificates are not checked
    :param keyring_provider: as pip's option of this name
    """

    def __init__(
        self,
        *,
        timeout: float = 15.0,
        cert: str | None = None,
        client_cert: str | None = None,
        proxy: str | None = None,
        environment: bool = True,
        trusted_hosts: Iterable[str] = (),
        keyring_provider: str = "auto",
    ) -> None:
        environment = environment and proxy is None
        if environment:
            cert = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or cert
        # Seconds to wait where :meth:`get` can be tried afterwards.
        self.brief = min(timeout, _BRIEF)
        self._options = (timeout, cert, client_cert, proxy, environment, WORKERS)
        self._session: Session | None = None
        # By origin, whether no proxy stands before it.
        self._direct: dict[str, bool] = {}
        self._lock = threading.Lock()
        self._credentials = Credentials(keyring_provider)
        self._trusted_hosts = set(map(str.lower, trusted_hosts))
        # Why a host is not asked again: for which URL it did not answer, and what happened.
        self._silent: dict[str, tuple[str, str]] = {}
        # What a URL failed with, and how many of a host have since it answered one.
        self._failed: dict[str, str] = {}
        self._failures: Counter[str] = Counter()
        self._closed = threading.Event()

    def without_credentials(self, url: str, *, is_index: bool = True) -> str:
        """The URL as it may be stored; its credentials are kept for requests.

        :param is_index: it is that of an index, so they are for everything below
        """
        return self._credentials.without(url, is_index=is_index)

    def trust(self, hosts: Iterable[str]) -> None:
        """Check the certificates of these hosts no longer (``--trusted-host``)."""
        self._trusted_hosts.update(map(str.lower, hosts))

    def is_secure(self, url: str) -> bool:
        """Whether pip uses an index at this URL: it ignores one over http, unless its host is this one or trusted."""
        parts = _split(url)
        return parts.scheme != "http" or _is_this_machine(parts.hostname or "") or self._is_trusted(parts)

    def close(self) -> None:
        """Wait no longer, neither for answers nor to try again."""
        self._closed.set()
        with self._lock:
            session = self._session
        if session is not None:
            session.close()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET, with one more attempt where the first met a passing fault.

        :raises Unreachable: no answer, or one of a server in trouble
        """
        parts = _split(url)
        if parts.scheme == "file":
            return _read_local(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise Unreachable(f"{redacted(url)}: {NO_URL}")
        host = origin(parts)
        if url not in self._failed:
            self._assert_not_silent(url)
            try:
                answer = self._attempted(url, host, headers or {})
            except Fault as fault:
                self._remember(url, host, fault)
            else:
                self._failures.pop(host, None)
                return answer
        # Not from the fault: its causes know the URL with its credentials.
        raise Unreachable(f"{redacted(url)}: {self._failed[url]}")

    def direct_headers(self, url: str, headers: Mapping[str, str]) -> Mapping[str, str] | None:
        """What to send with a GET on a :meth:`line`; None where that would not do: it takes :meth:`get`."""
        parts = _split(url)
        host = origin(parts)
        if host not in self._direct:
            self._direct[host] = parts.scheme in ("http", "https") and self._opened().is_direct(url)
        if not self._direct[host] or url in self._failed or host in self._silent:
            return None
        try:
            return self._opened().headers(headers, self._credentials.known(url))
        except UnicodeEncodeError:
            return None

    def line(self, url: str) -> Line:
        """A connection to the host of a URL, for a :class:`.Multiplexer`."""
        return self._opened().line(url, self.brief, trusted=self._is_trusted(_split(url)))

    def _attempted(self, url: str, host: str, headers: Mapping[str, str]) -> Answer:
        try:
            return self._followed(url, headers)
        except Fault as fault:
            if not self._may_try_again(host, fault):
                raise
        return self._followed(url, headers)

    def _may_try_again(self, host: str, fault: Fault) -> bool:
        if fault.pause is None or (fault.silent is None and self._failures[host] >= _MOST_FAILURES):
            return False
        return not self._closed.wait(fault.pause) and fault.silent not in self._silent

    def _remember(self, url: str, host: str, fault: Fault) -> None:
        self._failed.setdefault(url, str(fault))
        if fault.silent is not None:
            self._silent.setdefault(fault.silent, (redacted(url), str(fault)))
            return
        with self._lock:
            self._failures[host] += 1

    def _assert_not_silent(self, url: str) -> None:
        if (host := origin(_split(url))) in self._silent:
            asked, reason = self._silent[host]
            shown = redacted(url)
            raise Unreachable(f"{asked}: {reason}" + (f"; so {shown} was not asked for" if shown != asked else ""))

    def _followed(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Follow redirects by hand: each host gets its own login, trust and way past proxies."""
        session = self._opened()
        session.start()
        asked = url
        for _ in range(_MOST_REDIRECTS):
            try:
                answer = self._ask(session, url, headers)
            except Fault as fault:
                if url == asked:
                    raise
                raise Fault(f"{fault} (from {redacted(url)})", fault.pause, fault.silent) from fault
            if answer.target is None:
                return answer
            url = self._credentials.without(answer.target, is_index=False)
            self._assert_not_silent(url)
        raise Fault(f"it was redirected {_MOST_REDIRECTS} times", None)

    def _ask(self, session: Session, url: str, headers: Mapping[str, str]) -> Answer:
        trusted = self._is_trusted(_split(url))
        answer = session.send(url, headers, self._credentials.known(url), trusted=trusted)
        if answer.status == 401 and (login := self._credentials.after_refusal(url)) is not None:
            answer = session.send(url, headers, login, trusted=trusted)
        return answer

    def _opened(self) -> Session:
        with self._lock:
            if self._session is None:
                with warnings.catch_warnings(), _without_socks():
                    # requests warns of versions of chardet that it does not know: the tests of a user may forbid that.
                    warnings.simplefilter("ignore")
                    from pytest_deploycheck.resolution.http.requests_session import Session

                self._session = Session(*self._options)
                if self._closed.is_set():
                    self._session.close()
            return self._session

    def _is_trusted(self, parts: SplitResult) -> bool:
        netloc = parts.netloc.rpartition("@")[2].lower()
        return not self._trusted_hosts.isdisjoint({netloc, parts.hostname, f"[{parts.hostname}]"})


@contextlib.contextmanager
def _without_socks() -> Iterator[None]:
    """Where PySocks is not installed, urllib3 warns of it when requests asks for SOCKS.

    The warning cannot be ignored for certain: what is ignored is the process's, and other threads change it meanwhile.
    """
    is_missing = _SOCKS not in sys.modules and importlib.util.find_spec("socks") is None
    if is_missing:
        sys.modules[_SOCKS] = None  # type: ignore[assignment] # Importing it then fails, as it would in any case.
    try:
        yield
    finally:
        if is_missing:
            del sys.modules[_SOCKS]


_SOCKS = "urllib3.contrib.socks"


def _split(url: str) -> SplitResult:
    """All of it empty where it is no URL."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _read_local(url: str) -> Answer:
    location = path_of(url)
    if location.is_dir():
        location = location / "index.html"
    try:
        content = location.read_bytes()
    except FileNotFoundError:
        return Answer(404, {}, b"", url)
    except OSError as error:
        raise Unreachable(f"{url}: {reason_of(error)}") from error
    return Answer(200, {"content-type": "text/html"}, content, url)
