"""User names and passwords for indexes: found where pip finds them, kept apart from the URLs, shown nowhere.

pip's order (26.3, ``network/auth.py``): what stands in the URL, then in the URL of the index that the request belongs
to, then netrc, then what was good for the same host before; and keyring only once the index has answered 401.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

# Seconds for the keyring program to answer.
_KEYRING_PATIENCE = 30

# Up to the last @ of the authority, and where a password holds an unquoted slash, to the last @ of the word.
_USER_AND_PASSWORD = re.compile(r"//([^/?#\s]+|[^/?#\s:@]+:(?!\d*[/?#])\S+)@")


def redacted(url: str) -> str:
    """The URL as it may be shown: without user, password and query, which may be a token too."""
    if url.startswith("file:"):
        return url
    return re.split(r"[?#]", _USER_AND_PASSWORD.sub("//", url), maxsplit=1)[0]


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
        self._netrc = _Netrc()
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
            if (login := self._netrc.login(address.hostname or "")) is not None:
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
        return max(safe, key=lambda each: _common_parts(each.address.path, address.path), default=None)

    def _of_host(self, address: SplitResult) -> Login | None:
        secure, login = self._hosts.get(address.netloc, (False, None))
        return None if secure and address.scheme != "https" else login


def _common_parts(one: str, other: str) -> int:
    pairs = zip(PurePosixPath(one).parts, PurePosixPath(other).parts, strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), len(PurePosixPath(one).parts))


class _Netrc:
    """The user's netrc file, read once; one that cannot be read is one that is not there, as for pip."""

    def __init__(self) -> None:
        self._authenticators: Callable[[str], tuple[str, str, str] | None] | None = None
        self._lock = threading.Lock()

    def login(self, host: str) -> Login | None:
        with self._lock:
            if self._authenticators is None:
                self._authenticators = self._read()
        found = self._authenticators(host) if host else None
        return Login(found[0] or found[1] or "", found[2] or "") if found and any(found) else None

    def _read(self) -> Callable[[str], tuple[str, str, str] | None]:
        chosen = os.environ.get("NETRC")
        paths = [os.path.expanduser(each) for each in ([chosen] if chosen is not None else ["~/.netrc", "~/_netrc"])]
        path = next(filter(os.path.exists, paths), None)
        if path is not None:
            import netrc

            try:
                return netrc.netrc(path).authenticators  # type: ignore[return-value]  # typeshed has None in it
            except (netrc.NetrcParseError, OSError, UnicodeDecodeError):
                pass
        return lambda host: None


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
            key = (service, user)
            if key not in self._answers:
                self._ask = self._ask or self._choose()
                try:
                    self._answers[key] = self._ask(service, user)
                except Exception:  # Whatever a backend raises; pip goes on without keyring too.
                    self._ask = _nobody
                    self._answers[key] = None
            return self._answers[key]

    def _choose(self) -> Callable[[str, str | None], Login | None]:
        if self._provider in ("auto", "import"):
            try:
                import keyring
            except Exception:  # A backend that cannot be loaded raises what it likes.
                pass
            else:
                return _of_library(keyring)
        if self._provider in ("auto", "subprocess"):
            import shutil

            if (program := shutil.which("keyring")) is not None:
                return _of_program(program)
        return _nobody


def _nobody(service: str, user: str | None) -> Login | None:
    return None


def _of_library(keyring: object) -> Callable[[str, str | None], Login | None]:
    get_credential = getattr(keyring, "get_credential", None)  # Since keyring 15.2

    def ask(service: str, user: str | None) -> Login | None:
        if get_credential is not None:
            found = get_credential(service, user)
            return None if found is None else Login(found.username, found.password)
        password = keyring.get_password(service, user) if user is not None else None  # type: ignore[attr-defined]
        return Login(user, password) if user is not None and password else None

    return ask


def _of_program(program: str) -> Callable[[str, str | None], Login | None]:
    def ask(service: str, user: str | None) -> Login | None:
        command = [program, "--mode=creds", "--output=json", "get", service, *([user] if user is not None else [])]
        ran = subprocess.run(
            command,
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

    return ask
