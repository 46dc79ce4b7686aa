"""On GitHub Actions: annotations that its runner reads, and a summary of the job."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reports.runs import item, run

from command import Deploycheck
from index_server import Index
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.github import job_summary, workflow_commands, write_job_summary
from pytest_deploycheck.reports.run import End

COMMAND = re.compile(r"::(error|warning) ((?:[a-z]+=[^,:]*,?)+)::(.*)")


def unescaped(text: str) -> str:
    for escape, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def read(line: str) -> tuple[str, dict[str, str], str]:
    """As the runner reads it: https://github.com/actions/runner, ActionCommand.cs."""
    match = COMMAND.fullmatch(line)
    assert match, line
    properties = dict(each.split("=", 1) for each in match[2].split(","))
    return match[1], {key: unescaped(value) for key, value in properties.items()}, unescaped(match[3])


def finding(
    message: str, path: str = "requirements.txt", severity: Severity = Severity.ERROR, line: int = 9
) -> Finding:
    return Finding("wheel", Location(path, line, 3), message, ("one -> two",), ("write this",), severity)


def commands(*findings: Finding, root: str = "/w/repo", **environment: str) -> list[tuple[str, dict[str, str], str]]:
    told = run(item("requirements.txt::3.13::one", *findings))
    return [read(line) for line in workflow_commands(told, Path(root), environment)]


def test_a_finding_is_an_annotation_of_its_line() -> None:
    assert commands(finding("it would compile")) == [
        (
            "error",
            {"file": "requirements.txt", "line": "9", "col": "3", "title": "deploycheck: wheel"},
            "it would compile\none -> two\nfix: write this",
        )
    ]


def test_whatever_a_message_holds_stays_one_command() -> None:
    odd = "50% done, ::error file=x::y\r\n::warning::z %0A"
    ((_, properties, text),) = commands(finding(odd, path="a,b:c/100%.txt"))
    assert text.startswith(odd)
    assert properties["file"] == "a,b:c/100%.txt"


def test_advice_is_a_warning_and_comes_after_what_fails() -> None:
    told = commands(finding("first", severity=Severity.ADVICE), finding("second", line=10))
    assert [(level, text.split("\n")[0]) for level, _, text in told] == [("error", "second"), ("warning", "first")]


def test_one_root_is_one_annotation() -> None:
    ((_, properties, text),) = commands(finding("api is wrong", line=3), finding("bot is wrong", line=12))
    assert properties["line"] == "3"
    assert "the same at requirements.txt:12" in text


def test_paths_begin_at_the_root_of_the_repository() -> None:
    ((_, properties, _),) = commands(finding("x"), root="/w/repo/apps/shop", GITHUB_WORKSPACE="/w/repo")
    assert properties["file"] == "apps/shop/requirements.txt"
    ((_, properties, _),) = commands(finding("x"), root="/elsewhere", GITHUB_WORKSPACE="/w/repo")
    assert properties["file"] == "requirements.txt"


def test_what_could_not_be_checked_is_an_error_too() -> None:
    told = run(item("requirements.txt::3.13::one", end=End.ERROR, reason="no answer"))
    ((level, _, text),) = [read(line) for line in workflow_commands(told, Path("/w"), {})]
    assert (level, text) == ("error", "requirements.txt::3.13::one could not be checked: no answer")


def test_the_summary_shows_what_files_hold_as_it_is() -> None:
    text = job_summary(run(item("requirements.txt::3.13::one", finding("<img src=x> **bold** @someone [a](b) | c"))))
    assert r"\<img src=x> \*\*bold\*\* \@someone \[a\](b) \| c" in text
    assert "### What fails" in text


def test_a_summary_that_is_too_large_is_cut_at_a_line_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    many = [finding(f"number {number} " + "é" * 400, line=number) for number in range(1, 2000)]
    many = [Finding(each.check, each.location, each.message) for each in many]
    assert write_job_summary(run(item("a::b::c", *many)), {"GITHUB_STEP_SUMMARY": str(path)}) == ""
    assert len(path.read_bytes()) < 1 << 20
    assert path.read_text(encoding="utf-8").endswith("\n\nThere is more: it is in the log of the step.\n")


def test_a_summary_that_cannot_be_written_is_said() -> None:
    said = write_job_summary(run(), {"GITHUB_STEP_SUMMARY": "/nowhere/at/all"})
    assert said == "GITHUB_STEP_SUMMARY: /nowhere/at/all could not be written: no such file or directory"


@pytest.mark.parametrize("arguments", [(), ("-q",), ("-n", "2")], ids=["plain", "quiet", "spread"])
def test_a_job_has_both(
    deploycheck: Deploycheck,
    nexus_index: Index,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
) -> None:
    deploycheck.example("nexus/before")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    result = deploycheck("--deploycheck-target=3.13", *arguments, index=nexus_index)
    told = [read(line) for line in result.outlines if line.startswith("::")]
    errors = {(each["file"], each["line"]) for level, each, _ in told if level == "error"}
    assert errors >= {("render.yaml", "3"), *(("requirements.txt", line) for line in ("9", "11", "13"))}
    assert len({level for level, _, _ in told}) == 2
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "| `requirements.txt` | `3.13-manylinux_2_36_x86_64` | 65 distributions: 62 wheels and 3 sdists" in summary
    assert "pydantic==2.5.3 would compile" in summary


def test_elsewhere_there_is_neither(deploycheck: Deploycheck, index: Index) -> None:
    deploycheck.project({"requirements.txt": "demo\n", "pytest.ini": "[pytest]\n"})
    assert not [line for line in deploycheck(index=index).outlines if line.startswith("::")]
