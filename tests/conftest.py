"""Fixtures: an index to resolve against, an environment without this machine in it, and the command as users run it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from index_server import Index, recorded

pytest_plugins = ["pytester"]

EXAMPLES = Path(__file__).parents[1] / "examples"

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
        patch.delenv("PYTEST_ADDOPTS", raising=False)
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


class Deploycheck:
    """``pytest --deploycheck``, as a user runs it: a process of its own in a project's folder.

    deploycheck.project({"requirements.txt": "demo==1.0"})
    result = deploycheck("--deploycheck-target", "3.13", index=index)
    result.assert_outcomes(passed=2)
    """

    def __init__(self, pytester: pytest.Pytester, patch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        self._patch = patch

    @property
    def path(self) -> Path:
        """The project's folder."""
        return self.pytester.path

    def project(self, files: Mapping[str, str]) -> Path:
        """Write these files, text by relative path, into the project's folder."""
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self.path

    def example(self, name: str) -> Path:
        """Copy a project out of ``examples``: ``nexus/before``."""
        shutil.copytree(EXAMPLES / name, self.path, dirs_exist_ok=True)
        return self.path

    def __call__(self, *arguments: str | os.PathLike[str], index: Index | None = None) -> pytest.RunResult:
        """Run it there, on this index; without one on an address where nothing answers."""
        self._patch.setenv("PIP_INDEX_URL", index.url if index else "http://127.0.0.1:9/simple/")
        return self.pytester.runpytest_subprocess("--deploycheck", *arguments, timeout=120)

    def report(self, *arguments: str | os.PathLike[str], index: Index | None = None) -> dict[str, Any]:
        """Run it there, and give what ``--deploycheck-json`` wrote."""
        self(*arguments, "--deploycheck-json", "report.json", index=index)
        return self.read_report("report.json")

    def read_report(self, name: str) -> dict[str, Any]:
        """A report that an earlier run wrote into the project's folder."""
        content: dict[str, Any] = json.loads((self.path / name).read_text(encoding="utf-8"))
        return content


@pytest.fixture
def deploycheck(pytester: pytest.Pytester, isolation: pytest.MonkeyPatch) -> Deploycheck:
    """The command on a project of the test's own, in an empty folder."""
    return Deploycheck(pytester, isolation)
