"""One request, sent with requests: its login, its way past proxies, and what goes wrong with it in words."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import Retry
from urllib3.exceptions import HTTPError
from urllib3.util import make_headers

from pytest_deploycheck import __version__
from pytest_deploycheck.resolution.http.answer import NO_URL, PAUSE, RETRIED, Answer, Fault, origin
from pytest_deploycheck.resolution.http.authorities import Authorities
from pytest_deploycheck.resolution.http.connections import Adapter, DirectLine, deadline
from pytest_deploycheck.resolution.http.credentials import Login, redacted

_HEADERS = {"User-Agent": f"pytest-deploycheck/{__version__}", "Accept-Encoding": "gzip, deflate", "Accept": "*/*"}
_REDIRECTS = requests.sessions.SessionRedirectMixin()


class Session:
    """Sends requests; safe to use from several threads.

    It uses an adapter of requests and not :class:`requests.Session`: cookies, hooks and the environment are no part of
    asking an index, and each hop of a redirect needs its own login, proxy and trust.

    :param timeout: see :class:`~pytest_deploycheck.resolution.http.transport.Transport`, and so all the others
    :param connections: of a host that are kept open
    """

    def __init__(
        self,
        timeout: float,
        bundle: str | None,
        client_cert: str | None,
        proxy: str | None,
        environment: bool,
        connections: int,
    ) -> None:
        self._timeout = timeout
        self._authorities = Authorities(bundle, client_cert)
        self._adapter = Adapter(self._authorities, connections)
        self._proxies = {} if proxy is None else _marked({"http": proxy, "https": proxy})
        self._environment = environment
        self._environment_proxies: dict[str, dict[str, str]] = {}

    def start(self) -> None:
        """The time for an answer, redirects included, begins."""
        deadline.start(self._timeout)

    def close(self) -> None:
        """Close all connections: who still waits for an answer waits no longer."""
        self._adapter.close()

    def is_direct(self, url: str) -> bool:
        """Whether nothing stands between this machine and the host."""
        return not select_proxy(url, self._proxies_for(url))

    def line(self, url: str, patience: float, *, trusted: bool) -> DirectLine:
        """A connection to the host of a URL, for :class:`.Multiplexer`."""
        return self._adapter.line(url, patience, verify=not trusted)

    def headers(self, headers: Mapping[str, str], login: Login | None) -> dict[str, str]:
        """Those of a request with these and this login.

        :raises UnicodeEncodeError: the login is not in latin-1
        """
        said = {**_HEADERS, **headers}
        if login is not None:
            said |= make_headers(basic_auth=":".join(login))
        return said

    def send(self, url: str, headers: Mapping[str, str], login: Login | None, *, trusted: bool) -> Answer:
        """GET, without following redirects.

        :param trusted: do not check the certificate
        :raises Fault: no answer, or one of a server in trouble
        """
        try:
            request = requests.Request("GET", url, self.headers(headers, login)).prepare()
        except UnicodeEncodeError as error:
            raise Fault("its login is not in latin-1: pip could not send it either", None) from error
        except ValueError as error:
            raise Fault(NO_URL, None) from error
        deadline.received = 0
        proxies = self._proxies_for(url)
        try:
            response = self._response(request, proxies, trusted)
            # Not response.content: that is read in many small parts.
            content = response.raw.read(decode_content=True)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise self._fault(error, url, select_proxy(url, proxies)) from error
        if response.status_code in RETRIED:
            raise self._trouble(response)
        return Answer(response.status_code, response.headers, content, url, _target(response, url))

    def _response(self, request: requests.PreparedRequest, proxies: dict[str, str], trusted: bool) -> requests.Response:
        while True:
            tried_all = self._authorities.are_complete
            deadline.is_on_kept = False
            try:
                return self._adapter.send(
                    request, stream=True, timeout=deadline.wait, verify=not trusted, proxies=proxies
                )
            except requests.RequestException as error:
                if _is_closed_as_it_may(error):
                    continue
                if tried_all or "CERTIFICATE_VERIFY_FAILED" not in str(error):
                    raise
                self._authorities.complete()

    def _proxies_for(self, url: str) -> dict[str, str]:
        if not self._environment:
            return self._proxies
        host = urlsplit(url).netloc
        if host not in self._environment_proxies:
            self._environment_proxies[host] = _marked(get_environ_proxies(url))
        return self._environment_proxies[host]

    def _trouble(self, response: requests.Response) -> Fault:
        reason = f"answered {response.status_code} {response.reason or ''}".rstrip()
        pause = None
        with contextlib.suppress(HTTPError, ValueError, OverflowError):
            pause = Retry().get_retry_after(response.raw)
        if pause is None:
            return Fault(reason)
        if pause > self._timeout:
            return Fault(f"{reason}, and asks to come back in {pause:.0f} s", None)
        return Fault(reason, max(pause, PAUSE))

    def _fault(self, error: Exception, url: str, proxy: str | None) -> Fault:
        # With all of its causes; never shown, since it may hold a URL with credentials.
        text = "".join(traceback.format_exception(error, limit=0))
        words = next((words for sign, words in _SIGNS.items() if sign in text), None)
        if "timed out" in text or (words is None and deadline.left <= 0):
            words = f"no {'complete ' if deadline.received else ''}answer within {self._timeout:g} s"
        silent = None if words in _OF_ONE_ANSWER else origin(urlsplit(url))
        if proxy and (words is None or isinstance(error, requests.exceptions.ProxyError)):
            return Fault(f"{words or 'no answer'} (through the proxy {redacted(proxy)})", silent=silent)
        if isinstance(error, ValueError):
            return Fault(words or NO_URL, None)
        return Fault(words or type(error).__name__, silent=silent)


def _is_closed_as_it_may(error: requests.RequestException) -> bool:
    """Whether a host has closed a connection that it had answered on, also while the next request was on its way.

    That says nothing of it, so the request is sent again (https://www.rfc-editor.org/rfc/rfc9112#section-9.3.1). Each
    such connection is given up, so that in the end one is opened.
    """
    is_silent = deadline.is_on_kept and not deadline.received
    return is_silent and isinstance(error, requests.ConnectionError) and deadline.left > 0


def _marked(proxies: dict[str, str]) -> dict[str, str]:
    """With the two slashes without which requests takes ``user:`` for a scheme."""
    return {scheme: proxy if "//" in proxy or not proxy else f"//{proxy}" for scheme, proxy in proxies.items()}


def _target(response: requests.Response, url: str) -> str | None:
    """Where a redirect leads, None for other answers; pip follows none that leads away from HTTP."""
    location = _REDIRECTS.get_redirect_target(response)
    target = urljoin(url, location.strip()) if location else ""
    return target if target.startswith(("http://", "https://")) else None


_SIGNS = {
    "BadStatusLine": "what answers there does not speak HTTP",
    "LineTooLong": "what answers there does not speak HTTP",
    "Tunnel connection failed: 407": "the proxy wants credentials (407)",
    "Tunnel connection failed": "the proxy refuses to connect",
    "dependencies for SOCKS": "a SOCKS proxy is configured, and PySocks is not installed: pip install PySocks",
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

# What is wrong with an answer that came: the host does answer.
_OF_ONE_ANSWER = frozenset({_SIGNS["IncompleteRead"], _SIGNS["DecodeError"]})
