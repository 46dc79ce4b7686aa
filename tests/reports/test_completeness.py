"""Reports hold all of a run, however it was spread, and whatever became of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any
from xml.etree import ElementTree

import pytest
from reports.schema import assert_report

from command import Deploycheck
from index_server import Fault, Index, wheel

FILES = ("json", "sarif", "checklist", "html")
SERVICES = """\
services:
  - {type: web, name: api, runtime: python, buildCommand: pip install -r requirements.txt}
  - {type: worker, name: bot, runtime: python, buildCommand: pip install -r requirements.txt}
"""
TARGET = "3.13-manylinux_2_36_x86_64"


def written(project: Deploycheck, *arguments: str, index: Index | None) -> dict[str, str]:
    project(*(f"--deploycheck-{each}=out.{each}" for each in FILES), *arguments, index=index)
    return {each: (project.path / f"out.{each}").read_text(encoding="utf-8") for each in FILES}


@pytest.mark.parametrize("spread", [("-n", "4"), ("-n", "4", "--dist", "loadgroup")], ids=["load", "loadgroup"])
def test_every_report_is_the_same_with_four_workers(
    deploycheck: Deploycheck, nexus_index: Index, spread: tuple[str, ...]
) -> None:
    deploycheck.example("nexus/before")
    targets = ("--deploycheck-target=3.12", "--deploycheck-target=3.13")
    alone = written(deploycheck, *targets, index=nexus_index)
    assert written(deploycheck, *targets, *spread, index=nexus_index) == alone


@pytest.fixture
def project(deploycheck: Deploycheck, index: Index) -> Deploycheck:
    index.add(wheel("demo", "1.0"), wheel("other", "2.0"))
    deploycheck.project({"requirements.txt": "demo\nother\n", "render.yaml": SERVICES, "pytest.ini": "[pytest]\n"})
    return deploycheck


def ends(report: dict[str, Any]) -> dict[str, str]:
    return {each["nodeid"]: each["outcome"] for each in report["items"]}


def test_what_was_not_asked_for_is_in_no_report(project: Deploycheck, index: Index) -> None:
    report = project.report("-k", "health", index=index)
    assert ends(report) == {"render.yaml::api::health-check-path": "failed"}
    assert report["run"]["complete"] is True


@pytest.mark.parametrize("spread", [(), ("-n", "1")], ids=["alone", "spread"])
def test_a_run_that_stops_at_its_first_failure_names_what_it_did_not_run(
    project: Deploycheck, index: Index, spread: tuple[str, ...]
) -> None:
    report = project.report("-x", "-k", "health or other", *spread, index=index)
    assert_report(report)
    by_end = ends(report)
    assert by_end["render.yaml::api::health-check-path"] == "failed"
    assert by_end[f"requirements.txt::{TARGET.replace('3.13', '3.14')}::other"] == "not-run"
    assert report["run"]["complete"] is False


CRASH = """\
import os, pytest
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if item.nodeid == "render.yaml::api::health-check-path":
        os._exit(3)
"""
FAULT = CRASH.replace("os._exit(3)", "raise RuntimeError('bad plugin')")


def test_an_item_that_takes_its_worker_with_it_is_an_error_and_the_rest_is_there(
    project: Deploycheck, index: Index
) -> None:
    sound = ends(project.report(index=index))
    project.project({"conftest.py": CRASH})
    report = project.report("-n", "2", index=index)
    assert_report(report)
    assert ends(report) == {**sound, "render.yaml::api::health-check-path": "error"}
    (crashed,) = [each for each in report["items"] if each["outcome"] == "error"]
    assert "crashed while running" in crashed["reason"]
    assert len(report["resolutions"]) == 1


def test_an_item_that_breaks_is_an_error_and_the_rest_is_there(project: Deploycheck, index: Index) -> None:
    sound = ends(project.report(index=index))
    project.project({"conftest.py": FAULT})
    report = project.report(index=index)
    (broken,) = [each for each in report["items"] if each["outcome"] == "error"]
    assert (broken["nodeid"], broken["reason"]) == (
        "render.yaml::api::health-check-path",
        "RuntimeError: bad plugin",
    )
    assert ends(report) == {**sound, "render.yaml::api::health-check-path": "error"}


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send")
def test_an_interrupted_run_tells_what_it_knew(project: Deploycheck, index: Index) -> None:
    index.fault(Fault("/simple/*", hang=True))
    options = [f"--deploycheck-{each}=out.{each}" for each in FILES]
    command = [sys.executable, "-m", "pytest", "--deploycheck", *options]
    environment = {**os.environ, "PIP_INDEX_URL": index.url}
    with subprocess.Popen(command, cwd=project.path, env=environment, stdout=subprocess.DEVNULL) as process:
        while not index.requests and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == pytest.ExitCode.INTERRUPTED
    report = project.read_report("out.json")
    assert_report(report)
    by_end = ends(report)
    assert by_end["render.yaml::blueprint::syntax"] == "passed"
    assert by_end[f"requirements.txt::{TARGET.replace('3.13', '3.14')}::resolves"] == "not-run"
    assert report["run"]["complete"] is False
    assert all((project.path / f"out.{each}").stat().st_size for each in FILES)


@pytest.mark.parametrize("spread", [(), ("-n", "2")], ids=["alone", "spread"])
def test_junit_has_the_place_the_finding_and_the_fix_as_properties(
    project: Deploycheck, index: Index, spread: tuple[str, ...]
) -> None:
    project("--junitxml=junit.xml", *spread, index=index)
    cases = {
        (each.get("name") or "").rpartition("::")[2]: each
        for each in ElementTree.parse(project.path / "junit.xml").iter("testcase")
    }
    properties = [(each.get("name"), each.get("value")) for each in cases["health-check-path"].iter("property")]
    assert properties == [
        ("deploycheck.check", "health-check-path"),
        ("deploycheck.path", "render.yaml"),
        ("deploycheck.line", "2"),
        ("deploycheck.error", "render.yaml:2: api has no healthCheckPath"),
        ("deploycheck.fix", "add healthCheckPath with a path that answers with 2xx or 3xx, such as /health"),
    ]
    failure = cases["health-check-path"].find("failure")
    assert failure is not None
    assert failure.get("message") == "render.yaml:2: api has no healthCheckPath"
    assert "fix: add healthCheckPath" in (failure.text or "")
    of_demo = {each.get("name"): each.get("value") for each in cases["demo"].iter("property")}
    assert of_demo["deploycheck.target"] == TARGET.replace("3.13", "3.14")


def test_a_report_that_the_disk_refuses_at_the_end_is_said_and_the_others_are_written(
    project: Deploycheck, index: Index
) -> None:
    project.project({"conftest.py": "import shutil\ndef pytest_runtest_teardown():\n    shutil.rmtree('gone', True)\n"})
    (project.path / "gone").mkdir()
    result = project("--deploycheck-json=gone/report.json", "--deploycheck-sarif=out.sarif", index=index)
    result.stdout.fnmatch_lines(["--deploycheck-json: *report.json could not be written: no such file or directory"])
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert (project.path / "out.sarif").is_file()
