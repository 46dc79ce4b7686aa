"""The incident itself, as a user sees it: ``examples/nexus`` on the recorded index."""

from __future__ import annotations

import re
from typing import Any

import pytest

from command import Deploycheck
from index_server import Index
from index_server.recording import recorded_runs

NATIVE = ("nexus-api", "nexus-bot", "nexus-worker", "nexus-beat")
TODAY = "3.14-manylinux_2_36_x86_64"
# The smallest repair for it, and what it comes to.
AIOGRAM, AIOHTTP, ORJSON = "aiogram==3.23.0 (line 1)", "aiohttp==3.13.0 (line 11)", "orjson==3.11.1 (line 13)"
ALL = "all 67 distributions are wheels then; no change of fewer lines does it"
PINNED = "deploycheck_service_created = 2026-11-24\n"


@pytest.fixture
def before(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.example("nexus/before")
    return deploycheck


@pytest.fixture
def after(deploycheck: Deploycheck) -> Deploycheck:
    deploycheck.example("nexus/after")
    return deploycheck


def outcomes(result: pytest.RunResult) -> dict[str, str]:
    """Each node id with how it ended, as ``-v`` prints it."""
    found = (re.match(r"(\S+::\S+) (PASSED|FAILED|SKIPPED|ERROR)", line) for line in result.outlines)
    return {match[1]: match[2] for match in found if match}


def test_on_3_12_every_distribution_is_the_wheel_that_pip_picked(before: Deploycheck, nexus_index: Index) -> None:
    report = before.report("--deploycheck-target", "3.12", index=nexus_index)
    (resolution,) = report["resolutions"]
    picked = recorded_runs("nexus")["before on 3.12"]["picked"]
    assert {each["name"]: each["filename"] for each in resolution["distributions"]} == picked
    assert {each["kind"] for each in resolution["distributions"]} == {"wheel"}
    assert resolution["outcome"] == "ok"
    assert resolution["target"] == "3.12-manylinux_2_36_x86_64"


def test_on_3_12_the_items_of_the_requirements_pass(before: Deploycheck, nexus_index: Index) -> None:
    ends = outcomes(before("-v", "--deploycheck-target", "3.12", "requirements.txt", index=nexus_index))
    assert len(ends) == 19
    assert set(ends.values()) == {"PASSED"}


@pytest.fixture
def as_it_is(before: Deploycheck, nexus_index: Index) -> pytest.RunResult:
    """Nothing pins a Python, so the default of the day decides: 3.14.3."""
    with (before.path / "pytest.ini").open("a") as ini:
        ini.write(PINNED)
    return before("-v", "--deploycheck-json", "report.json", index=nexus_index)


def test_as_it_is_three_requirements_and_the_health_check_fail(as_it_is: pytest.RunResult) -> None:
    failed = {node_id for node_id, end in outcomes(as_it_is).items() if end == "FAILED"}
    assert failed == {
        *(f"requirements.txt::{TODAY}::{name}" for name in ("aiohttp", "orjson", "pydantic")),
        *(f"render.yaml::{service}::build-home" for service in NATIVE),
        "render.yaml::nexus-api::health-check-path",
    }
    as_it_is.assert_outcomes(failed=8, passed=59, skipped=4, warnings=12)


def test_the_static_service_is_asked_for_its_fields_and_what_it_publishes(as_it_is: pytest.RunResult) -> None:
    assert [node_id for node_id in outcomes(as_it_is) if "nexus-miniapp" in node_id] == [
        "render.yaml::nexus-miniapp::fields",
        "render.yaml::nexus-miniapp::references",
        "render.yaml::nexus-miniapp::static",
    ]


def test_pydantic_is_blamed_for_pydantic_core_with_the_evidence(as_it_is: pytest.RunResult) -> None:
    as_it_is.stdout.fnmatch_lines(
        [
            f"requirements.txt:9: pydantic==2.5.3 would compile on {TODAY}",
            "",
            "  pydantic 2.5.3 -> pydantic-core 2.14.6",
            "  pydantic_core-2.14.6.tar.gz is a source distribution built with maturin: it needs a Rust compiler",
            "  its wheels for this platform: cp37 * cp312; none for cp314",
            "",
            f"  fix: change 4 lines: pydantic==2.12.0 (line 9), {AIOGRAM}, {AIOHTTP}, {ORJSON}: {ALL}",
            "  or: set PYTHON_VERSION to 3.12.*: all 65 distributions of requirements.txt have wheels there",
        ],
        consecutive=True,
    )


def test_aiohttp_and_orjson_need_their_own_compilers(as_it_is: pytest.RunResult) -> None:
    as_it_is.stdout.fnmatch_lines(
        [
            f"requirements.txt:11: aiohttp==3.9.3 would compile on {TODAY}",
            "  aiohttp-3.9.3.tar.gz is a source distribution built with setuptools*: it needs a C compiler",
            f"requirements.txt:13: orjson==3.9.14 would compile on {TODAY}",
            "  orjson-3.9.14.tar.gz is a source distribution built with maturin: it needs a Rust compiler",
            f"  fix: change 4 lines: {ORJSON}, {AIOGRAM}, pydantic==2.12.0 (line 9), {AIOHTTP}: {ALL}",
        ]
    )


def test_the_report_names_each_service_and_finding(as_it_is: pytest.RunResult, before: Deploycheck) -> None:
    report = before.read_report("report.json")
    (resolution,) = report["resolutions"]
    assert resolution["services"] == list(NATIVE)
    assert resolution["python"] == "3.14.3"
    sdists = {each["name"]: each for each in resolution["distributions"] if each["kind"] == "sdist"}
    assert set(sdists) == {"aiohttp", "orjson", "pydantic-core"}
    size = sdists["pydantic-core"].pop("size")
    assert size > 0
    assert sdists["pydantic-core"] == {
        "name": "pydantic-core",
        "version": "2.14.6",
        "filename": "pydantic_core-2.14.6.tar.gz",
        "kind": "sdist",
        "native": True,
        "needs": ["Rust"],
        "required_by": ["pydantic"],
        "chain": ["pydantic 2.5.3", "pydantic-core 2.14.6"],
        "requirement_path": "requirements.txt",
        "requirement_line": 9,
    }
    errors = [each for each in report["findings"] if each["severity"] == "error"]
    assert {(each["check"], each["path"], each["line"]) for each in errors} == {
        ("wheel", "requirements.txt", 9),
        ("wheel", "requirements.txt", 11),
        ("wheel", "requirements.txt", 13),
        ("health-check-path", "render.yaml", 3),
        *(("build-home", "render.yaml", line) for line in (3, 12, 21, 30)),
    }
    assert {each["check"] for each in report["findings"] if each["severity"] == "advice"} == {
        "python-version",
        "build-command",
    }


@pytest.fixture
def strict(after: Deploycheck, nexus_index: Index) -> pytest.RunResult:
    with (after.path / "pytest.ini").open("a") as ini:
        ini.write(PINNED + "deploycheck_strict = true\n")
    return after("-v", "-rs", index=nexus_index)


def test_the_published_fix_does_not_resolve(strict: pytest.RunResult) -> None:
    assert outcomes(strict)[f"requirements.txt::{TODAY}::resolves"] == "FAILED"
    strict.stdout.fnmatch_lines(
        [
            "requirements.txt:11: nothing fits: aiohttp==3.11.10 (line 11); "
            "aiogram==3.13.1 (line 1) requires aiohttp<3.11,>=3.9.0*",
        ]
    )


def test_what_does_not_resolve_leaves_the_requirements_undecided(strict: pytest.RunResult) -> None:
    ends = outcomes(strict)
    skipped = [node_id for node_id, end in ends.items() if end == "SKIPPED"]
    assert sum(node_id.startswith(f"requirements.txt::{TODAY}::") for node_id in skipped) == 18
    assert {node_id for node_id in skipped if node_id.startswith("render.yaml::")} == {
        *(f"render.yaml::{service}::start-command" for service in NATIVE),
        *(f"render.yaml::{service}::start-program" for service in NATIVE if service != "nexus-bot"),
    }
    strict.stdout.fnmatch_lines(["SKIPPED [[]18[]] *requirements.txt does not resolve on*aiogram==3.13.1*"])


def test_what_the_published_fix_did_mend_passes_under_strict_too(strict: pytest.RunResult) -> None:
    ends = outcomes(strict)
    mended = [
        *(f"render.yaml::{service}::{check}" for service in NATIVE for check in ("build-command", "build-home")),
        "render.yaml::nexus-api::health-check-path",
        "render.yaml::blueprint::gitignore",
    ]
    assert {node_id: ends[node_id] for node_id in mended} == dict.fromkeys(mended, "PASSED")


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("project", ["before", "after"])
def test_every_outcome_is_the_recorded_one_of_pip(
    deploycheck: Deploycheck, nexus_index: Index, project: str, version: str
) -> None:
    deploycheck.example(f"nexus/{project}")
    theirs: dict[str, Any] = recorded_runs("nexus")[f"{project} on {version}"]
    report = deploycheck.report("--deploycheck-target", version, "requirements.txt", index=nexus_index)
    (ours,) = report["resolutions"]
    if theirs["outcome"] == "build-failure":  # pip builds what it has no wheel of, and could not.
        assert any(each["kind"] == "sdist" for each in ours["distributions"])
    else:
        picked = {each["name"]: each["filename"] for each in ours["distributions"]}
        assert (ours["outcome"], picked) == (theirs["outcome"], theirs["picked"])
