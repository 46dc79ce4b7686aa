"""Fixtures: an index to resolve against, an environment without this machine in it, and the command as users run it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import Deploycheck
from index_server import Index, recorded

pytest_plugins = ["pytester"]

# What a test marked `network` still needs of the machine, to reach the index that the machine's pip reaches.
_ROUTE = {"PIP_CERT", "PIP_CLIENT_CERT", "PIP_INDEX_URL", "PIP_PROXY", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT"}
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture(autouse=True)
def isolation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """No pip setting, cache, home, proxy or pytest option of this machine reaches a test.

    A patch of its own, so that a test's ``monkeypatch.undo()`` does not let the machine back in.
    """
    home = tmp_path_factory.mktemp("home")
    networked = request.node.get_closest_marker("network") is not None
    with pytest.MonkeyPatch.context() as patch:
        for name in [each for each in os.environ if each.startswith("PIP_")]:
            if not (networked and name in _ROUTE):
                patch.delenv(name)
        for name in () if networked else _PROXIES:
            patch.delenv(name, raising=False)
        # Of the run that these tests are: the runs that they start are others.
        for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_TESTRUNUID", "GITHUB_ACTIONS", "CI", "COLUMNS"):
            patch.delenv(name, raising=False)
        # The processes that tests start are many: they compile each module once, all of them together.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.getbasetemp().parent / "bytecode"))
        for name, value in _environment(home).items():
            patch.setenv(name, value)
        yield patch


def _environment(home: Path) -> dict[str, str]:
    homes = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    return dict.fromkeys(homes, str(home)) | {
        "PYTEST_DEPLOYCHECK_CACHE": str(home / "deploycheck-cache"),
        # The null device makes pip read no configuration file at all, the machine's own ones included.
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "NETRC": os.devnull,
        "NO_COLOR": "1",
    }


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with nothing on it yet."""
    with Index() as index:
        yield index


@pytest.fixture(scope="session")
def nexus_index() -> Iterator[Index]:
    """The recording of the real index for the Nexus example, one server for the whole session.

    Ask it only: a test that counts requests, or changes a switch, takes its own ``recorded("nexus")``.
    """
    with recorded("nexus") as index:
        yield index


@pytest.fixture
def deploycheck(pytester: pytest.Pytester, isolation: pytest.MonkeyPatch) -> Deploycheck:
    """The command on a project of the test's own, in an empty folder."""
    # One mixes up the order of tests, but for those that ask for it with `-p randomly`; the other takes longer to
    # import than most of these runs take without. pytester has cleared the variable.
    isolation.setenv("PYTEST_ADDOPTS", "-p no:randomly -p no:hypothesispytest")
    return Deploycheck(pytester, isolation)
