"""Several processes of one run, or of several runs, that need the same resolution at the same time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index_server import Fault, Index, sdist, wheel
from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.known import KnownAnswers

# Resolves once it is told to, and says how that ended.
WORKER = """
import json, os, sys, time
from pathlib import Path
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.requirements import read_requirements
from pytest_deploycheck.subjects import Source
root = Path(sys.argv[1])
resolutions = Resolutions(Settings(root=root, timeout=0.5), os.environ)
source = Source(read_requirements(root / "requirements.txt", root, os.environ), ())
print("ready", flush=True)
sys.stdin.readline()
found = resolutions.get(source, Target("3.13.4", "manylinux_2_36_x86_64"))
print(json.dumps([found.outcome.value, found.message, sorted(each.file.filename for each in found.distributions)]))
resolutions.close()
"""
Start = Callable[..., "subprocess.Popen[str]"]
FILES = ["demo-1.0-py3-none-any.whl", "other-2.0.tar.gz"]


@pytest.fixture
def index(isolation: pytest.MonkeyPatch) -> Iterator[Index]:
    with Index() as index:
        index.add(wheel("demo", "1.0", requires_dist=["other"]), sdist("other", "2.0"))
        index.switches.delay = 0.1
        isolation.setenv("PIP_INDEX_URL", index.url)
        yield index


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("demo\n")
    return tmp_path


@pytest.fixture
def start(project: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a process that waits for its word, perhaps as one of a run."""
    with contextlib.ExitStack() as processes:

        def start(run: str = "") -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", WORKER, str(project)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTEST_XDIST_TESTRUNUID": run},
            )
            processes.enter_context(process)
            processes.callback(process.kill)
            assert process.stdout
            process.stdout.readline()
            return process

        yield start


def answers(processes: list[subprocess.Popen[str]]) -> list[Any]:
    """Let them all begin at once."""
    for each in processes:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    return [json.loads(each.communicate(timeout=60)[0]) for each in processes]


def test_one_computes_and_the_others_wait_for_it(index: Index, start: Start) -> None:
    found = answers([start() for _ in range(5)])
    assert found == [["ok", "", FILES]] * 5
    assert sorted(index.requested()) == sorted(set(index.requested()))
    assert len(index.requests) == 4


@pytest.mark.parametrize("said", ["no-store", "no-cache", "max-age=0"])
def test_within_a_run_that_holds_whatever_the_index_says_of_its_pages(index: Index, start: Start, said: str) -> None:
    index.switches.cache_control = said
    assert answers([start("this run") for _ in range(4)]) == [["ok", "", FILES]] * 4
    assert len(index.requests) == 4
    index.requests.clear()
    assert answers([start("the next run")]) == [["ok", "", FILES]]
    assert index.requested() == ["/simple/demo/", "/simple/other/"]


def test_an_index_that_is_silent_is_waited_for_by_one_process_of_a_run(index: Index, start: Start) -> None:
    index.fault(Fault(hang=True))
    begun = time.monotonic()
    found = answers([start("this run") for _ in range(4)])
    assert time.monotonic() - begun < 8
    assert [each[0] for each in found] == ["unreachable"] * 4
    assert len(index.requests) == 2
    # The next run looks again.
    index.faults.clear()
    assert answers([start("the next run")]) == [["ok", "", FILES]]


def test_a_process_that_is_killed_while_it_computes_keeps_nobody_waiting(index: Index, start: Start) -> None:
    index.switches.delay = 5
    victim, heir = start(), start()
    assert victim.stdin
    victim.stdin.write("go\n")
    victim.stdin.flush()
    cache = Path(os.environ["PYTEST_DEPLOYCHECK_CACHE"])
    while not list(cache.rglob("*.lock")):
        assert victim.poll() is None
        time.sleep(0.01)
    time.sleep(0.1)
    index.switches.delay = 0
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()
    begun = time.monotonic()
    assert answers([heir]) == [["ok", "", FILES]]
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("run", ["", "1"], ids=["alone", "as one of a run"])
def test_a_token_in_a_link_is_not_stored(index: Index, project: Path, start: Start, run: str) -> None:
    wheel_url = f"{index.origin}/files/{FILES[0]}?token=s3cret"
    content = f'<a href="{wheel_url}">{FILES[0]}</a>'.encode()
    index.fault(Fault("/simple/demo/", garbage=content, headers={"Content-Type": "text/html"}))
    (project / "requirements.txt").write_text(f"demo\nother @ {index.origin}/files/{FILES[1]}?token=s3cret\n")
    [found] = answers([start(run)])
    assert found == ["ok", "", FILES]
    cache = Path(os.environ["PYTEST_DEPLOYCHECK_CACHE"])
    stored = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert stored
    assert b"s3cret" not in stored


def answer_of(cache: Path, value: object, fresh_until: float, *, run: str = "", offline: bool = False) -> object:
    """What is known under one key, or else is this value from now on."""
    known = KnownAnswers(Cache(cache), "repair", run=run, offline=offline)
    return known.get("key", lambda: (value, fresh_until))


def test_an_answer_is_kept_as_long_as_it_holds(tmp_path: Path) -> None:
    assert answer_of(tmp_path, {}, time.time() + 60) == {}
    assert answer_of(tmp_path, "later", time.time() + 60, run="other") == {}


def test_an_answer_that_is_not_to_be_kept_is_its_runs_alone(tmp_path: Path) -> None:
    assert answer_of(tmp_path, "first", 0, run="one") == "first"
    assert answer_of(tmp_path, "second", 0, run="one") == "first"
    assert answer_of(tmp_path, "third", 0, run="two") == "third"
    assert answer_of(tmp_path, "fourth", 0) == "fourth"


def test_an_answer_that_is_out_of_date_is_taken_offline(tmp_path: Path) -> None:
    soon = time.time() + 0.2
    answer_of(tmp_path, "first", soon)
    time.sleep(0.3)
    assert answer_of(tmp_path, "second", 0, offline=True) == "first"
    assert answer_of(tmp_path, "third", 0) == "third"
