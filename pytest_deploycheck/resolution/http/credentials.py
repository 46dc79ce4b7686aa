"""User names and passwords for indexes: found where pip finds them, kept apart from the URLs, shown nowhere.

pip's order (26.3, ``network/auth.py``): what stands in the URL, then in the URL of the index that the request belongs
to, then netrc, then what was good for the same host before; and keyring only once the index has answered 401.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from functools import partial
from posixpath import commonpath
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from pytest_deploycheck.urls import USER_AND_PASSWORD

# Seconds for the keyring program to answer.
_KEYRING_PATIENCE = 30


def redacted(url: str) -> str:
    """The URL as it may be shown: without user, password and query, which may be a token too."""
    if url.startswith("file:"):
        return url
    return re.split(r"[?#]", USER_AND_PASSWORD.sub("//", url), maxsplit=1)[0]


class Login(NamedTuple):
    """What basic authentication sends."""

    user: str
    password: str


class _Known(NamedTuple):
    """What a URL says of who asks; None where it does not say it."""

    address: SplitResult
    user: str | None
    password: str | None


class Credentials:
    """Finds the login for a URL; safe to use from several threads.

    :param keyring_provider: as pip's option: ``auto``, ``import``, ``subprocess`` or ``disabled``
    """

    def __init__(self, keyring_provider: str = "auto") -> None:
        self._indexes: list[_Known] = []
        self._links: dict[str, Login] = {}
        self._hosts: dict[str, tuple[bool, Login]] = {}
        self._netrc: dict[str, Login | None] = {}
        self._keyring = _Keyring(keyring_provider)
        self._lock = threading.Lock()

    def without(self, url: str, *, is_index: bool = True) -> str:
        """The URL without its credentials, which are kept.

        :param is_index: they are good for everything below; else for this URL, and for the host where nothing else is
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            return url  # It can be asked by nobody.
        before, at, netloc = parts.netloc.rpartition("@")
        bare = urlunsplit(parts._replace(netloc=netloc)) if at else url
        user, colon, password = before.partition(":")
        known = _Known(urlsplit(bare), unquote(user) if at else None, unquote(password) if colon else None)
        with self._lock:
            if is_index and known not in self._indexes:
                self._indexes.append(known)
            if known.user is not None and (known.password is not None or not is_index):
                login = Login(known.user, known.password or "")
                self._links.setdefault(bare.partition("#")[0], login)
                self._hosts.setdefault(netloc, (parts.scheme == "https", login))
        return bare

    def known(self, url: str) -> Login | None:
        """What to send with the first request."""
        if (login := self._links.get(url)) is not None:
            return login
        index = self._index_of(url)
        user, password = (index.user, index.password) if index else (None, None)
        if password is None:
            address = urlsplit(url)
            if (login := self._of_netrc(url)) is not None:
                return login
            login = self._of_host(address)
            if login is not None and user in (None, login.user):
                return login
        return None if user is None and password is None else Login(user or "", password or "")

    def after_refusal(self, url: str) -> Login | None:
        """What to send after a 401: keyring's answer, kept for the host; None where there is none."""
        index = self._index_of(url)
        if index is not None and index.password is not None:
            return None
        address = urlsplit(url)
        services = ([urlunsplit(index.address)] if index else []) + [address.netloc]
        for service in services:
            if (login := self._keyring.login(service, index.user if index else None)) is not None:
                with self._lock:
                    self._hosts[address.netloc] = (address.scheme == "https", login)
                return login
        return None

    def _index_of(self, url: str) -> _Known | None:
        """Of the indexes on the same host, the one whose path has most in common with the URL's."""
        address = urlsplit(url)
        on_host = [each for each in self._indexes if each.address.netloc == address.netloc]
        # What was meant for TLS is never sent in clear.
        safe = [each for each in on_host if address.scheme == "https" or each.address.scheme != "https"]
        return max(
            safe, key=lambda each: len(commonpath([each.address.path or "/", address.path or "/"])), default=None
        )

    def _of_netrc(self, url: str) -> Login | None:
        """Of the user's netrc file, read once for each host; one that cannot be read is one that is not there."""
        host = urlsplit(url).netloc
        if host not in self._netrc:
            from requests.utils import get_netrc_auth

            found = None
            with contextlib.suppress(UnicodeDecodeError):
                found = get_netrc_auth(url)
            self._netrc[host] = Login(*found) if found else None
        return self._netrc[host]

    def _of_host(self, address: SplitResult) -> Login | None:
        secure, login = self._hosts.get(address.netloc, (False, None))
        return None if secure and address.scheme != "https" else login


class _Keyring:
    """The keyring library or program, as pip uses them; one that fails is not asked again."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._ask: Callable[[str, str | None], Login | None] | None = None
        self._answers: dict[tuple[str, str | None], Login | None] = {}
        self._lock = threading.Lock()

    def login(self, service: str, user: str | None) -> Login | None:
        # Under the lock: it may ask its own user to unlock it, and once is enough.
        with self._lock:
            if (service, user) not in self._answers:
                try:
                    self._ask = self._ask or self._choose()
                    self._answers[service, user] = self._ask(service, user)
                except Exception:  # Whatever a backend raises; pip goes on without keyring too.
                    self._ask = _nobody
                    self._answers[service, user] = None
            return self._answers[service, user]

    def _choose(self) -> Callable[[str, str | None], Login | None]:
        if self._provider in ("auto", "import"):
            with contextlib.suppress(Exception):  # A backend that cannot be loaded raises what it likes.
                import keyring

                return partial(_of_library, keyring)
        if self._provider in ("auto", "subprocess") and (program := shutil.which("keyring")) is not None:
            return partial(_of_program, program)
        return _nobody


def _nobody(service: str, user: str | None) -> Login | None:
    return None


def _of_library(keyring: Any, service: str, user: str | None) -> Login | None:
    found = keyring.get_credential(service, user)
    return None if found is None else Login(found.username, found.password)


def _of_program(program: str, service: str, user: str | None) -> Login | None:
    ran = subprocess.run(
        [program, "--mode=creds", "--output=json", "get", service, *([user] if user is not None else [])],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_KEYRING_PATIENCE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    if ran.returncode:
        return None
    found = json.loads(ran.stdout)
    return Login(found["username"], found["password"])
