"""No credential is shown or stored, wherever it stands and whatever goes wrong."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import quote

import pytest

from command import Deploycheck
from index_server import Fault, Index, Switches, sdist, wheel
from index_server.raw import Proxy

USER = "deploy"
# With characters that are encoded in URLs, and in more than one way.
SECRETS = {place: f"s3cret+{number}/@~!" for number, place in enumerate(
    ("environment", "extra", "links", "file", "extra in file", "token", "netrc", "direct", "sdist", "proxy")
)}  # fmt: skip


def forms(secret: str) -> set[str]:
    """All that would give it away."""
    text = {secret, quote(secret), quote(secret, safe=""), repr(secret)[1:-1], secret.replace("/", "\\/")}
    for encoded in (secret, f"{USER}:{secret}", f":{secret}", f"{secret}:"):
        for charset in ("utf-8", "latin-1"):
            for offset in range(3):
                # Within a longer text base64 may begin at any of three places; its ends depend on the neighbours.
                text.add(base64.b64encode(b"x" * offset + encoded.encode(charset))[4:-4].decode())
    return text | {secret.encode().hex(), secret[:9], quote(secret[:9], safe="")}


def with_login(url: str, secret: str) -> str:
    return url.replace("://", f"://{USER}:{quote(secret, safe='')}@")


class Company:
    """Private indexes, a secret for each way to name one, and a project that uses all of them at once."""

    def __init__(self, deploycheck: Deploycheck, patch: pytest.MonkeyPatch, indexes: dict[str, Index], proxy: Proxy):
        self.deploycheck = deploycheck
        self.indexes = indexes
        self._patch = patch
        for place, index in indexes.items():
            index.switches.credentials = (USER, SECRETS[place])
            index.switches.cache_control = None
            index.add(wheel(f"of-{place.replace(' ', '-')}", "1.0", requires_dist=["unknown"] * (place == "links")))
            index.add(sdist(f"built-{place.replace(' ', '-')}", "1.0"))
        patch.setenv("PIP_EXTRA_INDEX_URL", with_login(indexes["extra"].url, SECRETS["extra"]))
        patch.setenv("TOKEN", quote(SECRETS["token"], safe=""))
        patch.setenv("PIP_PROXY", f"http://{USER}:{quote(SECRETS['proxy'], safe='')}@{proxy.address}")
        netrc = deploycheck.path / "netrc"
        netrc.write_text(f"machine localhost login {USER} password {SECRETS['netrc']}\n", encoding="utf-8")
        netrc.chmod(0o600)
        patch.setenv("NETRC", str(netrc))

    def requirements(self, *places: str) -> str:
        indexes = self.indexes
        of_place = {
            "environment": "of-environment\nbuilt-environment",
            "extra": "of-extra",
            "links": f"--find-links {with_login(indexes['links'].url + 'of-links/', SECRETS['links'])}\nof-links",
            "file": f"--index-url {with_login(indexes['file'].url, SECRETS['file'])}\nof-file\nbuilt-file",
            "extra in file": (
                f"--extra-index-url {with_login(indexes['extra in file'].url, SECRETS['extra in file'])}\n"
                "of-extra-in-file"
            ),
            "token": "--extra-index-url "
            + indexes["token"].url.replace("://", f"://{USER}:${{TOKEN}}@")
            + "\nof-token",
            "netrc": f"--extra-index-url {indexes['netrc'].url.replace('127.0.0.1', 'localhost')}\nof-netrc",
            "direct": "of-direct @ "
            + with_login(indexes["direct"].origin + "/files/of_direct-1.0-py3-none-any.whl", SECRETS["direct"]),
            "sdist": with_login(indexes["sdist"].origin + "/files/built_sdist-1.0.tar.gz", SECRETS["sdist"]),
        }
        return "\n".join(of_place[place] for place in places) + "\n"

    def run(self, *places: str, timeout: float = 10) -> pytest.RunResult:
        text = self.requirements(*places)
        self.deploycheck.project(
            {"requirements.txt": text, "pytest.ini": f"[pytest]\ndeploycheck_timeout = {timeout}\n"}
        )
        environment = SimpleNamespace(url=with_login(self.indexes["environment"].url, SECRETS["environment"]))
        return self.deploycheck(
            *("-vv", "-rA", "--tb=long", "--showlocals", "-o", "log_level=DEBUG", "--deploycheck-target", "3.13"),
            *("--deploycheck-json", "report.json"),
            index=cast("Index", environment),
        )


@pytest.fixture
def company(deploycheck: Deploycheck, isolation: pytest.MonkeyPatch) -> Iterator[Company]:
    with ExitStack() as open_now:
        indexes = {place: open_now.enter_context(Index(Switches())) for place in SECRETS if place != "proxy"}
        text = f"{USER}:{SECRETS['proxy']}".encode("latin-1")
        proxy = open_now.enter_context(Proxy("Basic " + base64.b64encode(text).decode()))
        yield Company(deploycheck, isolation, indexes, proxy)


def found_in(text: str) -> set[str]:
    return {f"{place}: {form}" for place, secret in SECRETS.items() for form in forms(secret) if form in text}


def assert_no_secret(result: pytest.RunResult, folder: Path) -> None:
    assert found_in(result.stdout.str() + result.stderr.str()) == set()
    assert found_in((folder / "report.json").read_text(encoding="utf-8")) == set()
    cache = Path(os.environ["PYTEST_DEPLOYCHECK_CACHE"])
    for path in cache.rglob("*"):
        assert found_in(path.name) == set()
        if path.is_file():
            assert found_in(path.read_bytes().decode("latin-1")) == set(), path
            assert found_in(path.read_bytes().decode("utf-8", errors="replace")) == set(), path


FROM_FILE = ("file", "extra in file", "token", "netrc")
FROM_ENVIRONMENT = ("environment", "extra")
LINKED = ("direct", "sdist")


@pytest.mark.parametrize("places", [FROM_FILE, FROM_ENVIRONMENT, (*FROM_ENVIRONMENT, *LINKED)], ids="+".join)
def test_where_everything_is_right(company: Company, places: tuple[str, ...]) -> None:
    result = company.run(*places)
    [resolution] = company.deploycheck.read_report("report.json")["resolutions"]
    assert (resolution["outcome"], resolution["message"]) == ("ok", "")
    assert_no_secret(result, company.deploycheck.path)


def test_where_the_links_of_a_page_hold_them(company: Company) -> None:
    index, quoted = company.indexes["environment"], quote(SECRETS["token"], safe="")
    login = with_login(index.origin, SECRETS["environment"])
    pages = {
        "of-environment": f"{login}/files/of_environment-1.0-py3-none-any.whl",
        "built-environment": f"{login}/files/built_environment-1.0.tar.gz?token={quoted}",
    }
    for project, link in pages.items():
        content = f'<a href="{link}">{project}</a>'.encode()
        index.fault(Fault(f"/simple/{project}/", garbage=content, headers={"Content-Type": "text/html"}))
    for _ in range(2):
        result = company.run("environment")
        [resolution] = company.deploycheck.read_report("report.json")["resolutions"]
        assert (resolution["outcome"], resolution["message"]) == ("ok", "")
        assert_no_secret(result, company.deploycheck.path)


TROUBLE = {
    "401": None,
    "404": Fault("*of-*", status=404),
    "500": Fault(status=500),
    "silence": Fault(hang=True),
    "a broken page": Fault(garbage=b"<html>", headers={"Content-Type": "application/vnd.pypi.simple.v1+json"}),
    "an answer that breaks off": Fault(truncated=True),
    "a redirect back to the same": Fault("/simple/*", status=302, headers={"Location": "./"}),
}


IN_TROUBLE = [
    *((FROM_FILE, trouble) for trouble in TROUBLE),
    *(((*FROM_ENVIRONMENT, *LINKED), trouble) for trouble in ("401", "silence")),
]


@pytest.mark.parametrize(("places", "trouble"), IN_TROUBLE)
def test_where_everything_goes_wrong(company: Company, places: tuple[str, ...], trouble: str) -> None:
    fault = TROUBLE[trouble]
    for index in company.indexes.values():
        if fault is None:
            index.switches.credentials = (USER, "another")
        else:
            index.fault(fault)
    result = company.run(*places, timeout=0.2 if trouble == "silence" else 10)
    [resolution] = company.deploycheck.read_report("report.json")["resolutions"]
    assert resolution["outcome"] != "ok"
    assert resolution["message"]
    assert_no_secret(result, company.deploycheck.path)


@pytest.mark.parametrize("place", ["token", "netrc", "extra", "sdist", "links"])
def test_where_one_place_is_refused(company: Company, place: str) -> None:
    company.indexes[place].switches.credentials = (USER, "another")
    result = company.run(*dict.fromkeys(("environment", place)))
    [resolution] = company.deploycheck.read_report("report.json")["resolutions"]
    assert resolution["outcome"] == "unreachable"
    assert "answered 401" in resolution["message"]
    assert_no_secret(result, company.deploycheck.path)


def test_where_the_proxy_refuses(company: Company, isolation: pytest.MonkeyPatch) -> None:
    isolation.setenv("PIP_PROXY", os.environ["PIP_PROXY"].replace("@127", "x@127"))
    result = company.run("environment")
    [resolution] = company.deploycheck.read_report("report.json")["resolutions"]
    assert resolution["outcome"] == "unreachable"
    assert_no_secret(result, company.deploycheck.path)


LINES = [
    # All of what cannot be understood is reported in one go.
    "--index-url https://deploy:{quoted}@127.0.0.1:9/ --bad-option\n"
    "--trusted-host https://deploy:{quoted}@127.0.0.1:9/\n"
    "demo==1.0 @ https://deploy:{quoted}@127.0.0.1:9/\n"
    "https://deploy:{quoted}@127.0.0.1:9/\n"
    "-r https://deploy:{quoted}@127.0.0.1:9/other.txt\n"
    "-r https://deploy:{raw}@127.0.0.1:9/other.txt",
    "--index-url https://deploy:{raw}@127.0.0.1/simple\n--extra-index-url https://deploy:{raw}@127.0.0.1:port/simple",
    "demo @ https://deploy:{raw}@127.0.0.1:9/demo.tar.gz",
    "demo @ git+https://deploy:{quoted}@127.0.0.1:9/demo.git",
    "demo @ https://deploy:{quoted}@127.0.0.1:9/demo-1.0-cp27-none-win32.whl",
]


@pytest.mark.parametrize("lines", LINES)
def test_where_the_lines_are_not_what_they_should_be(company: Company, lines: str) -> None:
    secret = SECRETS["file"]
    text = lines.format(raw=secret, quoted=quote(secret, safe=""))
    company.deploycheck.project({"requirements.txt": f"{text}\ndemo2\n", "pytest.ini": "[pytest]\n"})
    arguments = ("-vv", "-rA", "--tb=long", "--showlocals", "--deploycheck-target", "3.13")
    result = company.deploycheck(*arguments, "--deploycheck-json", "report.json")
    assert_no_secret(result, company.deploycheck.path)
