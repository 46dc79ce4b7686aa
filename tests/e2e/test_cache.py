"""The cache as a user meets it: cleared, offline, and shared by the workers of pytest-xdist."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from command import Deploycheck
from index_server import Index, sdist, wheel

TARGET = ("--deploycheck-target", "3.13")


@pytest.fixture
def index(index: Index) -> Index:
    index.add(
        wheel("demo", "1.0", requires_dist=["deep"]),
        wheel("deep", "1.0"),
        wheel("deep", "2.0", requires_dist=["deeper"]),
        wheel("deeper", "1.0"),
        sdist("other", "2.0"),
    )
    return index


@pytest.fixture
def project(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.project(
        {"requirements.txt": "demo\nother\n", "test_own.py": "def test_own(): pass\n", "pytest.ini": "[pytest]\n"}
    )
    return deploycheck


@pytest.fixture
def cache() -> Path:
    return Path(os.environ["PYTEST_DEPLOYCHECK_CACHE"])


def stored(cache: Path) -> list[Path]:
    return [path for path in cache.glob("v[0-9]*/*/*") if path.is_file()]


# Not to be written.


def test_a_cache_that_cannot_be_kept_is_told_once_and_fails_nothing(
    project: Deploycheck, index: Index, tmp_path: Path, isolation: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    isolation.setenv("PYTEST_DEPLOYCHECK_CACHE", str(blocked / "below"))
    result = project(*TARGET, "-k", "resolves", index=index)
    result.assert_outcomes(passed=1, deselected=3)
    told = "deploycheck: each run asks the indexes anew, since its cache cannot be kept: "
    assert [line for line in result.outlines if "anew" in line] == [f"{told}{blocked} is no folder"]


# Cleared.


def test_clearing_alone_says_what_it_removed_and_runs_nothing(project: Deploycheck, index: Index, cache: Path) -> None:
    project(*TARGET, index=index)
    assert stored(cache)
    result = project.pytester.runpytest_subprocess("--deploycheck-cache-clear")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"deploycheck: removed * entries (* kB) from {cache}"])
    result.stdout.no_fnmatch_line("*test session starts*")
    assert not stored(cache)


def test_clearing_an_empty_cache_is_no_fault(project: Deploycheck, cache: Path) -> None:
    result = project.pytester.runpytest_subprocess("--deploycheck-cache-clear")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"deploycheck: removed 0 entries (0 bytes) from {cache}"])


def test_with_deploycheck_it_clears_once_and_then_runs(project: Deploycheck, index: Index, cache: Path) -> None:
    project(*TARGET, index=index)
    first = len(index.requests)
    result = project("--deploycheck-cache-clear", "-n", "2", *TARGET, index=index)
    assert len([line for line in result.outlines if line.startswith("deploycheck: removed")]) == 1
    # The workers did not clear again what the first of them had stored.
    assert len(index.requests) == 2 * first


def test_the_folder_of_the_ini_file_is_cleared(
    project: Deploycheck, index: Index, isolation: pytest.MonkeyPatch
) -> None:
    isolation.delenv("PYTEST_DEPLOYCHECK_CACHE")
    project.project({"pytest.ini": "[pytest]\ndeploycheck_cache = .cache/deploycheck\n"})
    project(*TARGET, index=index)
    folder = project.path / ".cache" / "deploycheck"
    assert stored(folder)
    result = project.pytester.runpytest_subprocess("--deploycheck-cache-clear")
    result.stdout.fnmatch_lines([f"deploycheck: removed * from {folder}"])
    assert not stored(folder)


# Offline.


def test_offline_the_cache_answers(project: Deploycheck, index: Index) -> None:
    index.switches.cache_control = "max-age=0"
    online = project.report(*TARGET, index=index)
    index.requests.clear()
    offline = project.report(*TARGET, "--deploycheck-offline", index=index)
    assert offline["resolutions"] == online["resolutions"]
    assert offline["resolutions"][0]["outcome"] == "ok"
    assert index.requests == []


def test_offline_other_lines_are_answered_from_the_same_pages(project: Deploycheck, index: Index) -> None:
    project(*TARGET, index=index)
    index.requests.clear()
    project.project({"requirements.txt": "other\ndeep==2.0\n"})
    [resolution] = project.report(*TARGET, "--deploycheck-offline", index=index)["resolutions"]
    assert [each["filename"] for each in resolution["distributions"]] == [
        "deep-2.0-py3-none-any.whl",
        "deeper-1.0-py3-none-any.whl",
        "other-2.0.tar.gz",
    ]
    assert index.requests == []


def test_offline_what_has_no_hash_is_answered_too(project: Deploycheck, index: Index) -> None:
    index.switches.hashes = "none"
    index.switches.metadata = "absent"
    project(*TARGET, index=index)
    index.requests.clear()
    project.project({"requirements.txt": "other\ndeep==2.0\n"})
    [resolution] = project.report(*TARGET, "--deploycheck-offline", index=index)["resolutions"]
    assert resolution["outcome"] == "ok"
    assert index.requests == []


def test_offline_all_that_is_missing_is_named_as_an_error(project: Deploycheck, index: Index) -> None:
    project(*TARGET, index=index)
    index.requests.clear()
    # A version whose metadata nobody has asked for, and two projects; what they need in turn nobody can know.
    project.project({"requirements.txt": "demo\ndeep==1.0\nunseen\nnowhere>=1\n"})
    result = project(*TARGET, "--deploycheck-offline", "--deploycheck-json", "report.json", index=index)
    message = (
        "this run is offline, and the cache does not hold:\n"
        f"  the metadata file {index.origin}/files/deep-1.0-py3-none-any.whl.metadata\n"
        f"  the page {index.url}nowhere/\n"
        f"  the page {index.url}unseen/\n"
        "run `pytest --deploycheck` once without --deploycheck-offline to fetch it"
    )
    [resolution] = project.read_report("report.json")["resolutions"]
    assert resolution["outcome"] == "unreachable"
    assert resolution["message"] == message
    assert result.parseoutcomes()["errors"] == 5
    result.stdout.fnmatch_lines([f"*the page {index.url}nowhere/"])
    assert index.requests == []


def test_offline_the_pages_of_each_index_are_named(
    project: Deploycheck, index: Index, isolation: pytest.MonkeyPatch
) -> None:
    isolation.setenv("PIP_EXTRA_INDEX_URL", "https://example.org/simple")
    project.project({"requirements.txt": "demo\n"})
    [resolution] = project.report(*TARGET, "--deploycheck-offline", index=index)["resolutions"]
    assert resolution["message"].splitlines()[1:3] == [
        f"  the page {index.url}demo/",
        "  the page https://example.org/simple/demo/",
    ]


def test_offline_with_an_empty_cache_no_socket_is_opened(
    project: Deploycheck, index: Index, isolation: pytest.MonkeyPatch
) -> None:
    project.project(
        {
            "requirements.txt": (
                f"demo\nother @ {index.origin}/files/other-2.0.tar.gz\n--find-links {index.origin}/files/\n"
            ),
            "conftest.py": (
                "import socket\n"
                "class Refused(socket.socket):\n"
                "    def connect(self, *arguments):\n"
                "        raise AssertionError('a socket was opened')\n"
                "    connect_ex = connect\n"
                "socket.socket = Refused\n"
                "socket.getaddrinfo = socket.create_connection = Refused.connect\n"
            ),
        }
    )
    isolation.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    result = project(*TARGET, "--deploycheck-offline", index=index)
    assert result.parseoutcomes()["errors"] == 3
    text = result.stdout.str()
    assert "this run is offline" in text
    assert "a socket was opened" not in text
    assert index.requests == []


# Shared.


def test_the_workers_of_a_run_ask_for_everything_once(project: Deploycheck, index: Index) -> None:
    index.switches.cache_control = "no-cache"
    index.switches.delay = 0.05
    project.project({"requirements.txt": "demo\nother\ndeep\ndeeper\n"})
    result = project("-n", "4", *TARGET, "--deploycheck-json", "report.json", index=index)
    assert result.parseoutcomes()["passed"] == 5
    assert sorted(index.requested()) == sorted(set(index.requested()))
    [resolution] = project.read_report("report.json")["resolutions"]
    assert len(resolution["distributions"]) == 4


@pytest.mark.skipif(os.name == "nt", reason="folders there are not made read-only by their mode")
def test_a_cache_that_cannot_be_written_is_no_cache(
    project: Deploycheck, index: Index, isolation: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    for folder in ("/proc/deploycheck", str(tmp_path / "file")):
        isolation.setenv("PYTEST_DEPLOYCHECK_CACHE", folder)
        [resolution] = project.report(*TARGET, index=index)["resolutions"]
        assert resolution["outcome"] == "ok"
    assert len(index.requests) == 2 * len(set(index.requested()))
