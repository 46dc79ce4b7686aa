"""Who one is to an index: where names and passwords are found, and that pip finds the same ones."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import pytest
from pip._internal.network.auth import MultiDomainBasicAuth

from index_server import Index, Switches, wheel
from pytest_deploycheck.resolution.http.credentials import Credentials, Login, redacted
from pytest_deploycheck.resolution.http.transport import Transport, Unreachable

NETRC = """\
machine netrc.example.org login machine password of-netrc
machine both.example.org login machine password of-netrc
"""

# The indexes that are configured, and what is asked for then.
KNOWN = [
    (["https://user:secret@example.org/simple/"], "https://example.org/simple/demo/"),
    (["https://user:secret@example.org/simple/"], "https://example.org/files/demo-1.0.tar.gz"),
    (["https://user:secret@example.org/simple/"], "https://files.example.org/demo-1.0.tar.gz"),
    (["https://user:secret@example.org:8443/simple/"], "https://example.org/simple/demo/"),
    (["https://user:s%40c%2Fret@example.org/simple/"], "https://example.org/simple/demo/"),
    (["https://user@example.org/simple/"], "https://example.org/simple/demo/"),
    (["https://user:@example.org/simple/"], "https://example.org/simple/demo/"),
    (["https://:secret@example.org/simple/"], "https://example.org/simple/demo/"),
    (["https://a:1@example.org/one/", "https://b:2@example.org/two/"], "https://example.org/two/demo/"),
    (["https://a:1@example.org/one/", "https://b:2@example.org/two/"], "https://example.org/one/demo/"),
    (["https://a:1@example.org/one/", "https://b:2@example.org/one/inner/"], "https://example.org/one/inner/demo/"),
    (["https://a:1@example.org/one/", "https://b:2@example.org/two/"], "https://example.org/files/demo-1.0.tar.gz"),
    (["https://netrc.example.org/simple/"], "https://netrc.example.org/simple/demo/"),
    (["https://user@both.example.org/simple/"], "https://both.example.org/simple/demo/"),
    (["https://user:secret@both.example.org/simple/"], "https://both.example.org/simple/demo/"),
    ([], "https://netrc.example.org/demo-1.0.tar.gz"),
    ([], "https://example.org/demo-1.0.tar.gz"),
]


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "netrc"
    path.write_text(NETRC)
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize(("indexes", "url"), KNOWN)
def test_what_is_sent_first_is_what_pip_sends(indexes: list[str], url: str) -> None:
    _, user, password = MultiDomainBasicAuth(prompting=False, index_urls=indexes)._get_url_and_credentials(url)
    credentials = Credentials()
    for index in indexes:
        credentials.without(index)
    found = credentials.known(url)
    assert found == (None if user is None else Login(user, password or ""))


def test_a_link_with_credentials_has_its_own() -> None:
    credentials = Credentials()
    credentials.without("https://user:secret@example.org/simple/")
    bare = credentials.without("https://own:key@example.org/files/demo-1.0.tar.gz#sha256=00", is_index=False)
    assert bare == "https://example.org/files/demo-1.0.tar.gz#sha256=00"
    assert credentials.known("https://example.org/files/demo-1.0.tar.gz") == Login("own", "key")
    assert credentials.known("https://example.org/files/demo-2.0.tar.gz") == Login("user", "secret")


def test_what_is_meant_for_tls_is_not_sent_in_clear() -> None:
    credentials = Credentials()
    credentials.without("https://user:secret@example.org/simple/")
    assert credentials.known("http://example.org/simple/demo/") is None


def test_a_netrc_that_cannot_be_parsed_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("what is this")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert Credentials().known("https://example.org/") is None


class FakeKeyring(types.ModuleType):
    """The keyring module, with one password per service in it."""

    def __init__(self, passwords: dict[str, tuple[str, str]]) -> None:
        super().__init__("keyring")
        self.passwords = passwords
        self.asked: list[tuple[str, str | None]] = []

    def get_credential(self, service: str, user: str | None) -> types.SimpleNamespace | None:
        self.asked.append((service, user))
        found = self.passwords.get(service)
        return None if found is None else types.SimpleNamespace(username=found[0], password=found[1])


@pytest.fixture
def private_index() -> Index:
    index = Index(Switches(credentials=("user", "of-keyring")))
    index.add(wheel("demo", "1.0"))
    return index


def status(transport: Transport, index: Index, url: str) -> int:
    with index:
        bare = transport.without_credentials(url)
        answers = [transport.get(f"{bare}demo/").status for _ in range(3)]
    assert len(set(answers)) == 1
    return answers[0]


@pytest.mark.parametrize("service", ["index", "host"])
@pytest.mark.parametrize("user", ["user@", ""])
def test_keyring_is_asked_once_an_index_answers_401(
    private_index: Index, monkeypatch: pytest.MonkeyPatch, service: str, user: str
) -> None:
    host = private_index.origin.removeprefix("http://")
    keyring = FakeKeyring({private_index.url if service == "index" else host: ("user", "of-keyring")})
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    url = private_index.url.replace("://", f"://{user}")
    assert status(Transport(timeout=5, keyring_provider="auto"), private_index, url) == 200
    name = user.removesuffix("@") or None
    assert keyring.asked == [(private_index.url, name), (host, name)][: 1 if service == "index" else 2]
    # Only the first request was refused.
    assert [request.status for request in private_index.requests] == [401, 200, 200, 200]


def test_keyring_is_not_asked_where_the_url_says_it_all(private_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = FakeKeyring({private_index.url: ("user", "of-keyring")})
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    url = private_index.url_for("user", "wrong")
    assert status(Transport(timeout=5), private_index, url) == 401
    assert keyring.asked == []


@pytest.mark.parametrize("provider", ["disabled", "subprocess"])
def test_the_provider_says_which_keyring_is_asked(
    private_index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, provider: str
) -> None:
    keyring = FakeKeyring({private_index.url: ("user", "of-keyring")})
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setenv("PATH", str(tmp_path))
    transport = Transport(timeout=5, keyring_provider=provider)
    assert status(transport, private_index, private_index.url) == 401
    assert keyring.asked == []


@pytest.mark.skipif(os.name == "nt", reason="the program is a script")
def test_the_keyring_program_is_asked(private_index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "keyring"
    answer = '{"username": "user", "password": "of-keyring"}'
    program.write_text(
        f"#!/bin/sh\n[ \"$*\" = '--mode=creds --output=json get {private_index.url}' ] || exit 1\necho '{answer}'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    transport = Transport(timeout=5, keyring_provider="subprocess")
    assert status(transport, private_index, private_index.url) == 200


def test_a_keyring_that_fails_is_as_good_as_none(private_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = FakeKeyring({})
    monkeypatch.setattr(keyring, "get_credential", lambda *arguments: 1 / 0)
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert status(Transport(timeout=5), private_index, private_index.url) == 401


def test_a_refusal_is_told_without_what_was_refused(private_index: Index, tmp_path: Path) -> None:
    from pytest_deploycheck.resolution.cache import Cache
    from pytest_deploycheck.resolution.index import IndexClient

    transport = Transport(timeout=5, keyring_provider="disabled")
    with private_index:
        bare = transport.without_credentials(private_index.url_for("user", "wrong"))
        client = IndexClient(transport, Cache(tmp_path))
        with pytest.raises(Unreachable) as caught:
            client.page(bare, "demo", "x86_64").result()
        client.close()
    said = str(caught.value)
    assert said == f"{private_index.url}demo/: answered 401 (it wants a login: in its URL, in netrc or in keyring)"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@example.org/simple/", "https://example.org/simple/"),
        ("https://secret@example.org/simple/", "https://example.org/simple/"),
        ("https://user:se/cr@et@example.org/simple/", "https://example.org/simple/"),
        ("https://user:se#cr?et@example.org/simple/", "https://example.org/simple/"),
        ("git+https://user:secret@example.org/project.git", "git+https://example.org/project.git"),
        ("https://example.org/demo-1.0.tar.gz?token=secret#sha256=00", "https://example.org/demo-1.0.tar.gz"),
        ("https://example.org:8443/@scope/demo", "https://example.org:8443/@scope/demo"),
        ("file:///home/me/@work/x", "file:///home/me/@work/x"),
        ("//user:secret@proxy:3128", "//proxy:3128"),
    ],
)
def test_what_is_shown_of_a_url_holds_no_secret(url: str, shown: str) -> None:
    assert redacted(url) == shown
