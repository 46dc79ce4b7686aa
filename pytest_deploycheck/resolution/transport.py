"""HTTP with the patience that an index needs: attempts, redirects, logins, and faults in words."""

from __future__ import annotations

import base64
import ipaddress
import os
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import url2pathname

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError, TimeoutError

from pytest_deploycheck import __version__
from pytest_deploycheck.resolution.connections import BadCertificates, Connections, NoSocks, deadline
from pytest_deploycheck.resolution.credentials import Credentials, Login, redacted

__all__ = ["Answer", "Transport", "Unreachable", "redacted", "refusal"]

_ATTEMPTS = 2
_PAUSE = 0.3  # seconds, before the second attempt
_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 20
_ONCE = urllib3.Retry(total=False, redirect=False)
_HEADERS = {"User-Agent": f"pytest-deploycheck/{__version__}", "Accept-Encoding": "gzip, deflate", "Accept": "*/*"}


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


def refusal(answer: Answer) -> str:
    """What an answer that is none says, in words."""
    return f"answered {answer.status}{_HINTS.get(answer.status, '')}"


_HINTS = {
    401: " (it wants a login: in its URL, in netrc or in keyring)",
    403: " (whoever asks is not allowed to)",
}


@dataclass(frozen=True)
class _Fault:
    """Why there is no answer.

    :param pause: seconds before another attempt; None where there is no use in one
    """

    reason: str
    pause: float | None = _PAUSE


class Transport:
    """Fetches URLs; safe to use from several threads.

    A host that did not answer is not asked again: the many requests of a run fail together, at once.

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
        self._timeout = timeout
        self._connections = Connections(cert, client_cert, proxy, environment=environment)
        self._credentials = Credentials(keyring_provider)
        self._trusted_hosts = set(map(_host_and_port, trusted_hosts))
        self._dead: dict[str, tuple[str, str]] = {}
        self._closed = threading.Event()

    def without_credentials(self, url: str, *, is_index: bool = True) -> str:
        """The URL as it may be stored; its credentials are kept for requests.

        :param is_index: it is that of an index, so they are for everything below
        """
        return self._credentials.without(url, is_index=is_index)

    def trust(self, hosts: Iterable[str]) -> None:
        """Check the certificates of these hosts no longer (``--trusted-host``)."""
        self._trusted_hosts.update(map(_host_and_port, hosts))

    def is_secure(self, url: str) -> bool:
        """Whether pip uses an index at this URL: it ignores one over http, unless its host is this one or trusted."""
        parts = _split(url)
        return parts.scheme != "http" or _is_this_machine(parts.hostname or "") or self._is_trusted(parts)

    def close(self) -> None:
        """Wait no longer to try again, and close what connections are not in use."""
        self._closed.set()
        self._connections.close()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET, with one more attempt where the first met a passing fault.

        :raises Unreachable: no answer, or one of a server in trouble
        """
        parts = _split(url)
        if parts.scheme == "file":
            return _read_local(url, parts.path)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise Unreachable(f"{redacted(url)}: this is no URL that can be asked for")
        origin = f"{parts.scheme}://{parts.netloc}"
        fault = _Fault("")
        for attempt in range(_ATTEMPTS):
            if attempt and (fault.pause is None or self._closed.wait(fault.pause)):
                break
            self._assert_alive(origin, url)
            outcome = self._attempt(url, headers or {})
            if isinstance(outcome, Answer):
                return outcome
            fault = outcome
        self._dead.setdefault(origin, (redacted(url), fault.reason))
        raise Unreachable(f"{redacted(url)}: {fault.reason}")

    def _assert_alive(self, origin: str, url: str) -> None:
        if origin in self._dead:
            asked, reason = self._dead[origin]
            shown = redacted(url)
            raise Unreachable(f"{asked}: {reason}" + (f"; so {shown} was not asked for" if shown != asked else ""))

    def _attempt(self, url: str, headers: Mapping[str, str]) -> Answer | _Fault:
        """Follow redirects by hand: each host gets its own login, and its own way past proxies."""
        deadline.start(self._timeout)
        asked = url
        for _ in range(_MOST_REDIRECTS):
            try:
                response = self._ask(url, headers)
            except (HTTPError, OSError, ValueError) as error:
                return _Fault(self._reason(error, url) + ("" if url == asked else f" (from {redacted(url)})"))
            except (BadCertificates, NoSocks) as error:
                return _Fault(str(error), pause=None)
            target = _target(response, url)
            if target is None:
                return self._judged(response, url)
            url = self._credentials.without(target, is_index=False)
            deadline.received = 0
        return _Fault(f"it was redirected {_MOST_REDIRECTS} times", pause=None)

    def _judged(self, response: urllib3.BaseHTTPResponse, url: str) -> Answer | _Fault:
        if response.status not in _RETRIED_STATUSES:
            return Answer(response.status, response.headers, response.data, url)
        reason = f"answered {response.status} {response.reason or ''}".rstrip()
        pause = _retry_after(response)
        if pause is None:
            return _Fault(reason)
        if pause > self._timeout:
            return _Fault(f"{reason}, and asks to come back in {pause:.0f} s", pause=None)
        return _Fault(reason, max(pause, _PAUSE))

    def _ask(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        response = self._send(url, headers, self._credentials.known(url))
        if response.status == 401 and (login := self._credentials.after_refusal(url)) is not None:
            response = self._send(url, headers, login)
        return response

    def _send(self, url: str, headers: Mapping[str, str], login: Login | None) -> urllib3.BaseHTTPResponse:
        trusted = self._is_trusted(urlsplit(url))
        sent = {**_HEADERS, **headers, **({"Authorization": _basic(login)} if login else {})}
        while True:
            manager = self._connections.manager(url, trusted=trusted)
            stores = self._connections.stores
            try:
                return manager.urlopen(
                    "GET", url, headers=sent, redirect=False, retries=_ONCE, timeout=max(0.01, self._wait)
                )
            except HTTPError as error:
                if "CERTIFICATE_VERIFY_FAILED" not in str(error) or not self._connections.may_trust_after(stores):
                    raise

    @property
    def _wait(self) -> float:
        return min(self._timeout, deadline.left)

    def _is_trusted(self, parts: SplitResult) -> bool:
        if not self._trusted_hosts:
            return False
        host = (parts.hostname or "").lower()
        try:
            return not self._trusted_hosts.isdisjoint({(host, None), (host, parts.port)})
        except ValueError:
            return False  # What stands there for a port is none.

    def _reason(self, error: Exception, url: str) -> str:
        if isinstance(error, (TimeoutError, OSError)) and ("timed out" in str(error) or deadline.left <= 0):
            complete = "complete " if deadline.received else ""
            return f"no {complete}answer within {self._timeout:g} s"
        text = _innermost(error)
        words = next((words for sign, words in _SIGNS.items() if sign in text), None)
        parts = urlsplit(url)
        proxy = self._connections.proxy_of(parts.scheme, parts.netloc)
        if proxy is not None and (words is None or isinstance(error, urllib3.exceptions.ProxyError)):
            return f"{words or 'no answer'} (through the proxy {redacted(proxy if '//' in proxy else f'//{proxy}')})"
        if isinstance(error, (LocationValueError, ValueError)) and words is None:
            return "this is no URL that can be asked for"
        return words or type(error).__name__


def _split(url: str) -> SplitResult:
    """All of it empty where it is no URL."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _innermost(error: BaseException) -> str:
    """All that is said of an error; never shown, since it may hold a URL with credentials."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(parts) < 10:
        parts.append(f"{type(seen).__name__} {seen}")
        reason = getattr(seen, "original_error", None) or getattr(seen, "reason", None)
        seen = reason if isinstance(reason, BaseException) else seen.__cause__ or seen.__context__
    return "\n".join(parts)


_SIGNS = {
    "BadStatusLine": "what answers there does not speak HTTP",
    "LineTooLong": "what answers there does not speak HTTP",
    "Tunnel connection failed: 407": "the proxy wants credentials (407)",
    "Tunnel connection failed": "the proxy refuses to connect",
    "Connection refused": "connection refused",
    "actively refused": "connection refused",
    "Name or service not known": "the host name is not known",
    "nodename nor servname": "the host name is not known",
    "No address associated": "the host name is not known",
    "getaddrinfo failed": "the host name is not known",
    "Temporary failure in name resolution": "the host name cannot be looked up now",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted (PIP_CERT or REQUESTS_CA_BUNDLE names another bundle)",
    "CERTIFICATE_REQUIRED": "it wants a client's certificate (PIP_CLIENT_CERT names one)",
    "WRONG_VERSION_NUMBER": "it does not speak TLS: is it http, not https?",
    "record layer failure": "it does not speak TLS: is it http, not https?",
    "Connection reset": "connection reset",
    "IncompleteRead": "the answer broke off",
    "RemoteDisconnected": "it broke off the connection",
    "Connection aborted": "it broke off the connection",
    "Network is unreachable": "the network is unreachable",
    "No route to host": "there is no route to the host",
    "DecodeError": "the answer cannot be decoded",
    "SSLError": "the TLS connection failed",
}


def _target(response: urllib3.BaseHTTPResponse, url: str) -> str | None:
    """Where a redirect leads, None for other answers; pip follows none that leads away from HTTP."""
    location = response.headers.get("location")
    if response.status not in _REDIRECTS or not location:
        return None
    target = urljoin(url, location.strip())
    return target if target.startswith(("http://", "https://")) else None


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """Seconds."""
    said = response.headers.get("retry-after", "").strip()
    if said.isdigit():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def _basic(login: Login) -> str:
    text = f"{login.user}:{login.password}"
    try:
        encoded = text.encode("latin-1")  # As pip does it.
    except UnicodeEncodeError:
        encoded = text.encode()
    return "Basic " + base64.b64encode(encoded).decode()


def _host_and_port(trusted: str) -> tuple[str, int | None]:
    parts = urlsplit(f"//[{trusted}]" if trusted.count(":") > 1 and "[" not in trusted else f"//{trusted}")
    try:
        return (parts.hostname or "").lower(), parts.port
    except ValueError:
        return trusted.lower(), None


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


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
