"""The command on indexes as companies have them."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command import Deploycheck
from index_server import Fault, Index, Switches, sdist, wheel
from index_server.raw import RawServer, sends
from pytest_deploycheck.resolution.http.transport import Transport, Unreachable
from pytest_deploycheck.resolution.pip_configuration import pip_configuration

trustme = pytest.importorskip("trustme")

TARGET = ("--deploycheck-target", "3.13")
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def no_bundles(isolation: pytest.MonkeyPatch) -> None:
    for name in BUNDLES:
        isolation.delenv(name, raising=False)


def resolution(deploycheck: Deploycheck, index: Any) -> dict[str, Any]:
    [found] = deploycheck.report(*TARGET, index=index)["resolutions"]
    assert isinstance(found, dict)
    return found


def filenames(found: dict[str, Any]) -> list[str]:
    assert (found["outcome"], found["message"]) == ("ok", "")
    return [each["filename"] for each in found["distributions"]]


def test_an_index_of_the_simplest_kind(deploycheck: Deploycheck) -> None:
    """HTML, no hashes, no ranges, no HEAD, no metadata files, no validators, nothing said of caching, and a login."""
    simple = Switches(
        json=False,
        metadata="absent",
        ranges="refused",
        head=False,
        hashes="none",
        revalidation=frozenset(),
        cache_control=None,
        credentials=("user", "secret"),
    )
    with Index(simple) as index:
        index.add(wheel("demo", "1.0", requires_dist=["other"]), sdist("other", "2.0"))
        deploycheck.project(
            {"requirements.txt": f"--index-url {index.url_for('user', 'secret')}\ndemo\n", "pytest.ini": "[pytest]\n"}
        )
        assert filenames(resolution(deploycheck, None)) == ["demo-1.0-py3-none-any.whl", "other-2.0.tar.gz"]
        asked = len(index.requests)
        assert filenames(resolution(deploycheck, None)) == ["demo-1.0-py3-none-any.whl", "other-2.0.tar.gz"]
        assert len(index.requests) == asked


# Certificates.


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder, authority = tmp_path_factory.mktemp("certificates"), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "right.pem"))
    trustme.CA().cert_pem.write_to_path(str(folder / "wrong.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return {"right": str(folder / "right.pem"), "wrong": str(folder / "wrong.pem"), "context": context}


@pytest.fixture
def secure_index(certificates: dict[str, Any]) -> Iterator[Index]:
    with Index(tls=certificates["context"]) as index:
        index.add(wheel("demo", "1.0"))
        yield index


@pytest.mark.parametrize(
    ("settings", "is_trusted"),
    [
        ({"PIP_CERT": "right"}, True),
        ({"PIP_CERT": "right", "REQUESTS_CA_BUNDLE": "wrong"}, False),
        ({"PIP_CERT": "wrong", "CURL_CA_BUNDLE": "right"}, True),
        ({"PIP_CERT": "wrong", "SSL_CERT_FILE": "right"}, True),
        ({"REQUESTS_CA_BUNDLE": "right", "PIP_NO_PROXY_ENV": "yes"}, False),
    ],
)
def test_the_authorities_are_those_that_pip_believes(
    isolation: pytest.MonkeyPatch,
    certificates: dict[str, Any],
    secure_index: Index,
    settings: dict[str, str],
    is_trusted: bool,
    tmp_path: Path,
) -> None:
    for name, value in {"PIP_INDEX_URL": secure_index.url, **settings}.items():
        isolation.setenv(name, certificates.get(value, value))
    command = ("pip", "download", "--no-deps", "--no-cache-dir", "--retries=0", "--dest", str(tmp_path), "demo")
    pip = subprocess.run([sys.executable, "-m", *command], capture_output=True, check=False)
    assert (pip.returncode == 0) == is_trusted
    configured = pip_configuration(os.environ)
    transport = Transport(timeout=5, cert=configured.cert, environment=not configured.no_proxy_env)
    if is_trusted:
        assert transport.get(f"{secure_index.url}demo/").status == 200
    else:
        with pytest.raises(Unreachable, match="its certificate is not trusted"):
            transport.get(f"{secure_index.url}demo/")


def test_pips_certificates_are_the_commands(
    deploycheck: Deploycheck, isolation: pytest.MonkeyPatch, certificates: dict[str, Any], secure_index: Index
) -> None:
    isolation.setenv("PIP_CERT", certificates["right"])
    deploycheck.project({"requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
    assert filenames(resolution(deploycheck, secure_index)) == ["demo-1.0-py3-none-any.whl"]


# Which places are searched.


def test_no_index_and_folders_of_which_one_is_not_there(
    deploycheck: Deploycheck, isolation: pytest.MonkeyPatch, index: Index, tmp_path: Path
) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for each in (wheel("demo", "1.0", requires_dist=["linked"]), wheel("linked", "0.9")):
        (folder / each.filename).write_bytes(each.content)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    newer = wheel("linked", "1.1")
    (elsewhere / newer.filename).write_bytes(newer.content)
    (tmp_path / "page.html").write_text(f'<a href="elsewhere/{newer.filename}">linked</a>')
    isolation.setenv("PIP_NO_INDEX", "1")
    isolation.setenv("PIP_FIND_LINKS", f"/nowhere {folder} {tmp_path / 'page.html'} ~/nothing")
    deploycheck.project({"requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
    assert filenames(resolution(deploycheck, index)) == ["demo-1.0-py3-none-any.whl", "linked-1.1-py3-none-any.whl"]
    assert index.requests == []
    # What lies here may change at any time, so nothing of it is remembered.
    (folder / "linked-0.9-py3-none-any.whl").unlink()
    (elsewhere / newer.filename).unlink()
    (tmp_path / "page.html").unlink()
    assert resolution(deploycheck, index)["outcome"] == "no-match"


def test_an_index_may_be_a_folder(deploycheck: Deploycheck, tmp_path: Path) -> None:
    file = wheel("demo", "1.0")
    (tmp_path / "simple" / "demo").mkdir(parents=True)
    (tmp_path / "simple" / "demo" / file.filename).write_bytes(file.content)
    (tmp_path / "simple" / "demo" / "index.html").write_text(f'<a href="{file.filename}">{file.filename}</a>')
    for url in (tmp_path / "simple", (tmp_path / "simple").as_uri()):
        deploycheck.project({"requirements.txt": f"--index-url {url}\ndemo\n", "pytest.ini": "[pytest]\n"})
        assert filenames(resolution(deploycheck, None)) == [file.filename]


def test_an_index_of_pips_configuration_file(
    deploycheck: Deploycheck, isolation: pytest.MonkeyPatch, index: Index, tmp_path: Path
) -> None:
    with Index(Switches(credentials=("user", "secret"))) as extra:
        index.add(wheel("demo", "1.0"))
        extra.add(wheel("demo", "2.0"))
        (tmp_path / "pip.conf").write_text(f"[global]\nextra_index_url = {extra.url_for('user', 'secret')}\n")
        isolation.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        deploycheck.project({"requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
        assert filenames(resolution(deploycheck, index)) == ["demo-2.0-py3-none-any.whl"]


def test_a_configuration_that_pip_refuses_is_an_error(
    deploycheck: Deploycheck, isolation: pytest.MonkeyPatch, index: Index, tmp_path: Path
) -> None:
    (tmp_path / "pip.conf").write_text("[global\nindex-url = https://user:secret@example.org\n")
    isolation.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    deploycheck.project({"requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
    result = deploycheck(*TARGET, index=index)
    assert result.parseoutcomes()["errors"] == 2
    result.stdout.fnmatch_lines([f"*{tmp_path / 'pip.conf'}:1: pip's configuration cannot be parsed*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*secret*")


def test_an_index_that_pip_ignores_is_ignored_and_told_of(deploycheck: Deploycheck, index: Index) -> None:
    index.add(wheel("demo", "1.0"))
    lines = "--extra-index-url http://index.invalid/simple\n--extra-index-url index.invalid/simple\ndemo\n"
    deploycheck.project({"requirements.txt": lines, "pytest.ini": "[pytest]\n"})
    assert filenames(resolution(deploycheck, index)) == ["demo-1.0-py3-none-any.whl"]
    deploycheck.project({"requirements.txt": f"{lines}missing\n"})
    result = deploycheck(*TARGET, index=index)
    result.stdout.fnmatch_lines(
        [
            "*pip ignores http://index.invalid/simple: it is not https, and no --trusted-host names it",
            "*pip ignores index.invalid/simple: it is no URL, and there is no such file or folder",
        ]
    )


# keyring.

FAKE_KEYRING = """
from types import SimpleNamespace
def get_credential(service, user):
    print("keyring was asked for", service)
    return SimpleNamespace(username="user", password="of-keyring")
"""


@pytest.mark.parametrize(
    ("settings", "is_asked"),
    [({}, True), ({"PIP_NO_INPUT": "1"}, False), ({"PIP_NO_INPUT": "1", "PIP_KEYRING_PROVIDER": "import"}, True),
     ({"PIP_KEYRING_PROVIDER": "disabled"}, False)],
)  # fmt: skip
def test_keyring_is_asked_when_pip_asks_it(
    deploycheck: Deploycheck, isolation: pytest.MonkeyPatch, settings: dict[str, str], is_asked: bool
) -> None:
    isolation.delenv("PIP_NO_INPUT")
    for name, value in settings.items():
        isolation.setenv(name, value)
    deploycheck.project({"keyrings/keyring.py": FAKE_KEYRING, "requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
    isolation.setenv("PYTHONPATH", str(deploycheck.path / "keyrings"))
    with Index(Switches(credentials=("user", "of-keyring"))) as index:
        index.add(wheel("demo", "1.0"))
        found = resolution(deploycheck, index)
    assert found["outcome"] == ("ok" if is_asked else "unreachable")
    assert "of-keyring" not in str(found)


# In trouble.

# Each kind of trouble is met in tests/resolution; here, what becomes of it.
IN_TROUBLE = {
    "silence": Fault(hang=True),
    "429": Fault(status=429, headers={"Retry-After": "600"}),
    "garbage": Fault(garbage=b"{", headers={"Content-Type": "application/vnd.pypi.simple.v1+json"}),
}


@pytest.mark.parametrize("trouble", IN_TROUBLE)
def test_an_index_in_trouble_is_an_error_that_names_it(deploycheck: Deploycheck, index: Index, trouble: str) -> None:
    index.fault(IN_TROUBLE[trouble])
    deploycheck.project({"requirements.txt": "demo\nother\n", "pytest.ini": "[pytest]\ndeploycheck_timeout = 0.3\n"})
    result = deploycheck(*TARGET, index=index)
    assert result.parseoutcomes() == {"errors": 3}
    result.stdout.fnmatch_lines([f"*cannot be checked: {index.url}*"])


def test_an_index_that_trickles_ends_the_run_in_bounded_time(
    deploycheck: Deploycheck, isolation: pytest.MonkeyPatch
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000000\r\n\r\n"
    deploycheck.project({"requirements.txt": "demo\nother\n", "pytest.ini": "[pytest]\ndeploycheck_timeout = 0.3\n"})
    with RawServer(sends(head, every=0.05, repeat=b"x")) as server:
        result = deploycheck(*TARGET, index=server)  # type: ignore[arg-type]
    assert result.parseoutcomes() == {"errors": 3}
    assert result.duration < 30  # Byte by byte it would take 14 hours.


def test_a_link_to_what_is_no_wheel_is_a_failure_not_a_pass(deploycheck: Deploycheck, index: Index) -> None:
    index.fault(Fault("/files/*", garbage=b"no wheel"))
    lines = f"demo @ {index.origin}/files/demo-1.0-py3-none-any.whl\n"
    deploycheck.project({"requirements.txt": lines, "pytest.ini": "[pytest]\n"})
    result = deploycheck(*TARGET, index=index)
    assert result.parseoutcomes() == {"failed": 1, "skipped": 1}
    result.stdout.fnmatch_lines(["*demo-1.0-py3-none-any.whl: no wheel*"])
